import { defineConfig } from 'vite';

/** One file for Node with the protocol package inside; `ws` stays what the lockfile says. */
export default defineConfig({
  build: { ssr: 'src/main.ts', outDir: 'dist', emptyOutDir: true, target: 'node20', sourcemap: true },
  ssr: { external: ['ws'], noExternal: [/^@tabswarm\//] },
});
