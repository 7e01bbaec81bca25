import type { WorkerScope } from './scope.ts';
import { installWorker } from './worker.ts';

/* Built into one file, `sw.js` next to the page: see vite.config.ts. */
installWorker(globalThis as unknown as WorkerScope);
