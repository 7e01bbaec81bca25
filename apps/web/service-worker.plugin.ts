import { join } from 'node:path';
import { build, type Plugin } from 'vite';

const NAME = 'sw.js';

/**
 * The service worker as one classic script next to the page: its scope follows from where it lies, its name must stay the
 * same from version to version, and not every browser takes modules there.
 */
export function serviceWorker(): Plugin {
  return {
    name: 'tabswarm-service-worker',
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: NAME, source: await bundle() });
    },
    configureServer(server) {
      server.middlewares.use(`/${NAME}`, (_request, response, next) => {
        bundle().then((code) => {
          response.setHeader('Content-Type', 'text/javascript; charset=utf-8');
          response.setHeader('Cache-Control', 'no-cache');
          response.end(code);
        }, next);
      });
    },
  };
}

async function bundle(): Promise<string> {
  const built = await build({
    root: import.meta.dirname,
    configFile: false,
    logLevel: 'warn',
    build: {
      write: false,
      copyPublicDir: false,
      target: 'es2023',
      rollupOptions: {
        input: join(import.meta.dirname, 'src/service-worker/main.ts'),
        output: { format: 'iife', entryFileNames: NAME },
      },
    },
  });
  const [output] = [built].flat();
  if (!output || !('output' in output)) throw new Error('the service worker was not built');
  return output.output[0].code;
}
