// Every Node the tests run on, oldest first; one that could not be fetched is missing in the list.
export { nodes, type NodeBinary } from '../../scripts/node-versions.mjs';

/** Whether that version is this one or a later one: `isFrom('22.12.0', '22.18')`. */
export function isFrom(version: string, from: string): boolean {
  const number = (text: string): number => {
    const [major, minor = 0] = text.split('.').map(Number);
    return major * 1000 + minor;
  };
  return number(version) >= number(from);
}
