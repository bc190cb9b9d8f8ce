import { ensureNodes } from '../../scripts/node-versions.mjs';

export default function setUp() {
  ensureNodes();
}
