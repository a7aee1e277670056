/*
 * Runs the whole daemon against the simulated cluster in virtual time, seed by seed:
 *
 *   npm run sim -- --seeds 10000            many seeds, on all cores
 *   npm run sim -- --seed 4711 --trace      one seed, with everything that happens
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { formatDuration } from '../src/lib/duration.ts';
import { runSeed, type RunResult } from '../test/harness/sim/run.ts';

const HELP = `Usage: npm run sim -- [options]

  --seeds N      run the seeds 1 to N (default 300)
  --from N       begin with seed N instead of 1
  --seed X       run only this seed, and say more
  --cycles N     cycles with trouble per seed, instead of a drawn number
  --workers N    threads (default: one per core)
  --trace        with --seed: print everything that happens`;

/** What a worker tells of one seed. */
const REPORT = z.object({
  seed: z.string(),
  realMs: z.number(),
  virtualMs: z.number(),
  cycles: z.number(),
  requests: z.number(),
  moved: z.number(),
  deaths: z.number(),
  cyclesToBalance: z.number(),
  failure: z.string().optional(),
});
type Report = z.infer<typeof REPORT>;
const JOB = z.object({
  first: z.number(),
  step: z.number(),
  last: z.number(),
  cycles: z.number().optional(),
});
type Job = z.infer<typeof JOB>;

if (isMainThread) process.exitCode = await main();
else await work(JOB.parse(workerData));

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '300' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      cycles: { type: 'string' },
      workers: { type: 'string', default: String(availableParallelism()) },
      trace: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const cycles = values.cycles === undefined ? undefined : wholeNumber('--cycles', values.cycles);
  if (values.seed !== undefined) return runOne(values.seed, cycles, values.trace);
  const first = wholeNumber('--from', values.from);
  const last = first + wholeNumber('--seeds', values.seeds) - 1;
  return runMany({ first, last, cycles, workers: wholeNumber('--workers', values.workers) });
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`${name}: found ${JSON.stringify(text)}, wanted a whole number above 0`);
}

async function runOne(seed: string, cycles: number | undefined, trace: boolean): Promise<number> {
  const startedMs = performance.now();
  const result = await runSeed(seed, { trace, cycles });
  for (const line of result.trace) console.log(line);
  const { scenario, violations, digest, deaths } = result;
  console.log(
    `seed ${seed}: GreptimeDB ${scenario.cluster.profile ?? ''}, state in ${scenario.disk}, digest ${digest}`,
  );
  console.log(`  trouble: ${[...scenario.troubles].join(', ') || 'none'}`);
  console.log(`  faults: ${JSON.stringify(scenario.cluster.faults)}`);
  console.log(
    `  ${result.cycles} cycles, ${result.requests} requests, ${result.moved} moved, ${deaths.length} deaths`,
  );
  for (const { rule, detail, atMs } of violations)
    console.log(`  VIOLATION ${rule} at ${atMs} ms: ${detail}`);
  console.log(`  ${ratioText(result.virtualMs, performance.now() - startedMs)}`);
  return violations.length > 0 ? 1 : 0;
}

interface ManySeeds {
  readonly first: number;
  readonly last: number;
  readonly cycles: number | undefined;
  readonly workers: number;
}

async function runMany({ first, last, cycles, workers }: ManySeeds): Promise<number> {
  const startedMs = performance.now();
  const reports: Report[] = [];
  const onReport = (report: Report): void => {
    reports.push(report);
    if (report.failure !== undefined) console.log(failureText(report, cycles));
    if (reports.length % 500 === 0) console.log(`… ${reports.length} seeds`);
  };
  const jobs = Array.from({ length: workers }, (_, index): Job => {
    return { first: first + index, step: workers, last, ...(cycles !== undefined && { cycles }) };
  });
  await Promise.all(jobs.map((job) => startWorker(job, onReport)));
  const failed = reports.filter(({ failure }) => failure !== undefined);
  for (const line of summary(reports, performance.now() - startedMs)) console.log(line);
  return failed.length > 0 ? 1 : 0;
}

function startWorker(job: Job, onReport: (report: Report) => void): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: job });
  return new Promise((resolve, reject) => {
    worker.on('message', (message: unknown) => onReport(REPORT.parse(message)));
    worker.on('error', reject);
    worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`A worker ended with ${code}`))));
  });
}

async function work({ first, step, last, cycles }: Job): Promise<void> {
  for (let seed = first; seed <= last; seed += step) {
    const startedMs = performance.now();
    const report = await runSeed(String(seed), { cycles }).then(toReport, (error: unknown) =>
      crashed(String(seed), error),
    );
    parentPort?.postMessage({ ...report, realMs: performance.now() - startedMs });
  }
}

function toReport({
  seed,
  virtualMs,
  cycles,
  requests,
  moved,
  deaths,
  ...rest
}: RunResult): Omit<Report, 'realMs'> {
  const { violations, cyclesToBalance } = rest;
  const [first] = violations;
  return {
    seed,
    virtualMs,
    cycles,
    requests,
    moved,
    deaths: deaths.length,
    cyclesToBalance,
    ...(first && { failure: `${first.rule}: ${first.detail}` }),
  };
}

/** The simulation itself fell over. */
function crashed(seed: string, error: unknown): Omit<Report, 'realMs'> {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const nothing = { virtualMs: 0, cycles: 0, requests: 0, moved: 0, deaths: 0, cyclesToBalance: 0 };
  return { seed, ...nothing, failure: `the simulation failed: ${text}` };
}

function failureText({ seed, failure = '' }: Report, cycles: number | undefined): string {
  const more = cycles === undefined ? '' : ` --cycles ${cycles}`;
  return `seed ${seed}: ${failure}\n  replay: npm run sim -- --seed ${seed}${more} --trace`;
}

function summary(reports: readonly Report[], realMs: number): string[] {
  const sum = (of: (report: Report) => number): number =>
    reports.reduce((total, report) => total + of(report), 0);
  const failed = reports.filter(({ failure }) => failure !== undefined).map(({ seed }) => seed);
  const toBalance = reports.map(({ cyclesToBalance }) => cyclesToBalance).sort((a, b) => a - b);
  const atShare = (share: number): number => toBalance[Math.floor((toBalance.length - 1) * share)] ?? 0;
  const slowest = reports.reduce(
    (most, report) => (report.realMs > most.realMs ? report : most),
    reports[0]!,
  );
  return [
    `${reports.length} seeds, ${failed.length} failed${failed.length > 0 ? `: ${failed.join(', ')}` : ''}.`,
    `${sum(({ cycles }) => cycles)} cycles, ${sum(({ requests }) => requests)} requests for migrations, ` +
      `${sum(({ moved }) => moved)} regions moved, ${sum(({ deaths }) => deaths)} deaths of the process.`,
    `Cycles from the last trouble to balance: median ${atShare(0.5)}, 99 % within ${atShare(0.99)}, at most ${atShare(1)}.`,
    `Slowest seed: ${slowest.seed} (${Math.round(slowest.realMs)} ms).`,
    ratioText(
      sum(({ virtualMs }) => virtualMs),
      realMs,
    ),
  ];
}

function ratioText(virtualMs: number, realMs: number): string {
  const ratio = Math.round(virtualMs / realMs);
  return `${formatDuration(virtualMs)} of virtual time in ${formatDuration(realMs)}: ${ratio} times as fast as real time.`;
}
