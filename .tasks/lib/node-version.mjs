import { MANIFEST, TaskError } from './root.mjs';

/** Throws a TaskError where this Node is older than package.json asks for. */
export function checkNodeVersion(version = process.versions.node, range = MANIFEST.engines.node) {
  const wanted = range.replace('>=', '').split('.').map(Number);
  const [major, minor] = version.split('.').map(Number);
  if (major > wanted[0] || (major === wanted[0] && minor >= (wanted[1] || 0))) return;
  throw new TaskError(
    `Tabswarm needs Node.js ${range.replace('>=', '')} or newer, and this is ${version}. See https://nodejs.org/.`,
  );
}
