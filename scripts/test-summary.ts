/**
 * Prints `N passed, N failed` from the file that vitest's JSON reporter wrote: `node scripts/test-summary.ts FILE`. Ends with status 1 when
 * a test failed, when a file could not be run, or when there was no test at all.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const reportSchema = z.object({
  success: z.boolean(),
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
});

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('Usage: node scripts/test-summary.ts FILE');
const report = reportSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
// A file that cannot even be imported fails without a test of its own.
const failed = Math.max(report.numFailedTests, report.success ? 0 : 1);
const skipped = report.numPendingTests > 0 ? `, ${report.numPendingTests} skipped` : '';
console.log(`${report.numPassedTests} passed, ${failed} failed${skipped}`);
process.exitCode = failed > 0 || report.numPassedTests === 0 ? 1 : 0;
