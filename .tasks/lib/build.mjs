import { join } from 'node:path';
import { ROOT, TaskError } from './root.mjs';
import { runNode, TOOLS } from './run.mjs';

/** What `npm start` serves: the app and the server that hands it out. */
const PARTS = ['apps/web', 'signaling'];

/** Builds app and server. `capture` keeps what the builder prints to itself unless it fails. */
export async function build({ capture = true } = {}) {
  for (const part of PARTS) {
    const { code, output } = await runNode(TOOLS.vite, ['build'], { cwd: join(ROOT, part), capture });
    if (code !== 0) throw new TaskError(`${output}\nBuilding ${part} failed.`);
  }
}
