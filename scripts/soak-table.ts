/*
 * Prints what docs/reliability.md shows of a report of the soak:
 *
 *   node scripts/soak-table.ts soak.json
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const growth = z.object({ early: z.number(), late: z.number(), percent: z.number() });
const reportSchema = z.object({
  duration: z.string(),
  ...{ memory: growth, heap: growth, descriptors: growth },
  ...{ cycles: z.number(), failedCycles: z.number(), migrations: z.number(), succeeded: z.number() },
  ...{ cycleSecondsP50: z.number(), cycleSecondsP99: z.number() },
  violations: z.array(z.string()),
});

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('Wanted the file that npm run soak wrote (--out)');
const report = reportSchema.parse(JSON.parse(readFileSync(path, 'utf8')));

const megabytes = ({ early, late, percent }: z.infer<typeof growth>): string =>
  `${mebi(early)} → ${mebi(late)} MiB (${percent.toFixed(1)} %)`;
const mebi = (bytes: number): string => (bytes / 1_048_576).toFixed(1);
const rows = [
  ['ran for', report.duration, ''],
  ['violations', String(report.violations.length), '0'],
  ['resident memory', megabytes(report.memory), 'less than 5 % more'],
  ['heap in use', megabytes(report.heap), ''],
  ['open descriptors', `${report.descriptors.early} → ${report.descriptors.late}`, 'less than 5 % more'],
  ['cycles', `${report.cycles}, of which ${report.failedCycles} failed under the faults`, ''],
  ['migrations', `${report.migrations}, of which ${report.succeeded} succeeded`, ''],
  ['a cycle takes', `${report.cycleSecondsP50} s (half), ${report.cycleSecondsP99} s (99 %) or less`, ''],
];
for (const row of [['', 'found', 'wanted'], ['---', '---', '---'], ...rows])
  console.log(`| ${row.join(' | ')} |`);
