/**
 * `npm run dead` runs this twice. As it is: whatever is exported has to be imported somewhere, be it by a test. With --production: whatever
 * is exported has to be used by the product or the scripts, be it in its own file. So no code is there for tests alone.
 */
export default {
  entry: [
    'src/app/planning/plan-worker.ts!',
    // Offered to tests and benchmarks as it is: docs/simulator.md.
    'src/simulator/index.ts!',
    'src/web/main.tsx!',
    'scripts/*.{ts,mjs}!',
    'test/**/*.test.ts',
  ],
  project: ['src/**/*.{ts,tsx}!', 'scripts/**/*.{ts,mjs}!', 'test/**/*.ts', 'bench/**/*.ts'],
  ignoreExportsUsedInFile: process.argv.includes('--production'),
  // Not imported, but read or started as files by tests and scripts.
  ignoreDependencies: ['axe-core', 'kubernetes-types'],
  ignoreBinaries: ['helm', 'mkfifo'],
};
