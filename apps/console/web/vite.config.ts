/** Builds the console: hashed files under assets/, nothing inline but Mantine's styles, so the strict CSP holds. */
import { defineConfig } from 'vite';

const api = process.env['TOCSIN_API'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: '../../../dist/console',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    // light-dark() as it stands: rewritten for older browsers it loses the scheme that Mantine sets.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: {
      // "use client" is for servers that render React; here everything is client.
      onLog: (level, log, tell) => {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') tell(level, log);
      },
    },
  },
  // `vite apps/console/web` while working on it, beside a running api.
  server: { proxy: { '/api': { target: api, changeOrigin: false } } },
});
