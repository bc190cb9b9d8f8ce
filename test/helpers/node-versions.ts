// Every Node the tests run on, oldest first; one that could not be fetched is missing in the list.
export { nodes, type NodeBinary } from '../../scripts/node-versions.mjs';
