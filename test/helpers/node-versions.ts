import { nodes as allNodes, type NodeBinary } from '../../scripts/node-versions.mjs';

export type { NodeBinary };

/** One for each way in which the loader works, the oldest and the newest among them. */
const ALWAYS = ['20', '22.12', '26'];

/**
 * The Nodes the tests run on, oldest first; one that could not be fetched is missing in the list. All that are supported
 * with `HANDIT_TEST_ALL_NODES=1`, as in CI.
 */
export function nodes(): NodeBinary[] {
  if (process.env.HANDIT_TEST_ALL_NODES) return allNodes();
  return allNodes().filter(({ label, path }) => ALWAYS.includes(label) || path === process.execPath);
}

/** Whether that version is this one or a later one: `isFrom('22.12.0', '22.18')`. */
export function isFrom(version: string, from: string): boolean {
  const number = (text: string): number => {
    const [major, minor = 0] = text.split('.').map(Number);
    return major * 1000 + minor;
  };
  return number(version) >= number(from);
}
