export { instrument } from './instrument.js';
export { editLibrary } from './library.js';
