import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** What goes wrong in a way that the person at the keyboard can mend: the message says how, a stack would not help. */
export class TaskError extends Error {
  name = 'TaskError';
}

/** Ends the process with what went wrong. */
export function fail(error) {
  console.error(error instanceof TaskError ? error.message : error);
  process.exit(1);
}
