import { startAgent } from './agent.js';

startAgent(__dirname);
