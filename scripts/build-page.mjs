/**
 * Builds the web page, src/web, into a folder: one HTML file, one script, one style sheet, nothing from elsewhere. The content security
 * policy allows no inline code, so that nothing is inlined.
 */
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../src/web/', import.meta.url));

/** @param {string} folder where to; it is emptied first. */
export async function buildPage(folder) {
  const { build } = await import('vite');
  await build({
    configFile: false,
    root,
    base: '/',
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: ['chrome123', 'firefox121', 'safari17.5'],
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  });
}
