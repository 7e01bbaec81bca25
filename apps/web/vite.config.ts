import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { serviceWorker } from './service-worker.plugin.ts';

const signaling = process.env['SIGNALING'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react(), serviceWorker()],
  // Links carry the site's address, so the app may be served from any folder of it.
  base: './',
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    rollupOptions: { input: ['index.html', 'bench.html'] },
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/signal': { target: signaling, ws: true },
      '/health': { target: signaling },
      '/config.json': { target: signaling },
    },
  },
});
