/*
 * Runs the real daemon, as a process of its own, against a simulated cluster with faults, for as long as is asked, and reports memory,
 * open descriptors, cycle times and violations. Linux only: it reads /proc.
 *
 *   npm run soak -- --duration 2h
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { listenAsCluster } from '../src/app/commands/simulate.ts';
import { sleep, systemClock } from '../src/lib/clock.ts';
import { formatDuration, parseDuration } from '../src/lib/duration.ts';
import { createPrng } from '../src/lib/prng.ts';
import { growth, metric, quantile, takeSample, type Growth, type Sample } from './soak-measure.ts';

const HELP = `Usage: npm run soak -- [options]

  --duration D   how long, such as 30m or 2h (default 2h)
  --seed X       for the cluster and what happens to it (default soak)
  --out FILE     also writes the report there, as JSON`;

const FAULTS = [
  ...['latency=0.02', 'lost-answer=0.001', 'lost-answer:submit=0.01', 'lost-request=0.003', 'hang=0.0003'],
  ...['http-500=0.003', 'truncated-json=0.001', 'html-body=0.001', 'rollback=0.01', 'failed-but-moved=0.01'],
  ...[
    'done-not-moved=0.005',
    'leader-change=0.005',
    'other-mover=0.01',
    'table-churn=0.02',
    'stale-routes=0.02',
  ],
].join(',');
const SAMPLE_MS = 5_000;
/** So often somebody brings the cluster out of balance. */
const DISTURB_MS = 15_000;
/** So often an operator ends the breaker's pause. */
const RESUME_MS = 60_000;
const MAX_GROWTH_PERCENT = 5;
const START_LIMIT_MS = 30_000;
const PREFIX = 'greptime_rebalancer';

const { values: flags } = parseArgs({
  options: {
    duration: { type: 'string', default: '2h' },
    seed: { type: 'string', default: 'soak' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) console.log(HELP);
else process.exitCode = await main(durationOf(flags.duration));

function durationOf(text: string): number {
  const durationMs = parseDuration(text);
  if (durationMs === undefined) throw new Error(`--duration: found ${text}, wanted a duration such as 2h`);
  return durationMs;
}

async function main(durationMs: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'rebalancer-soak-'));
  const listening = await listenAsCluster(
    {
      ...{
        profile: '1.3',
        datanodes: 6,
        emptyDatanodes: 0,
        tables: 40,
        regions: 12,
        metasrvs: 3,
        frontends: 2,
      },
      ...{ migrationTimeMs: 300, seed: flags.seed, faults: FAULTS, port: 0, layout: 'balanced' },
    },
    systemClock,
  );
  const violations: string[] = [];
  const daemon = startDaemon(folder, listening.served, violations);
  try {
    const watch = watchCluster(listening.cluster, violations);
    const url = await daemon.url;
    const samples: Sample[] = [];
    const disturb = disturber(listening.cluster);
    const endMs = systemClock.monotonicMs() + durationMs;
    let [nextDisturbMs, nextResumeMs] = [0, RESUME_MS];
    let metrics = '';
    while (systemClock.monotonicMs() < endMs && daemon.exited() === undefined) {
      const nowMs = systemClock.monotonicMs();
      if (nowMs >= nextDisturbMs) {
        disturb();
        nextDisturbMs = nowMs + DISTURB_MS;
      }
      if (nowMs >= nextResumeMs) {
        await ask(`${url}/api/v1/resume`, violations, { method: 'POST', body: '{"by":"soak"}' });
        nextResumeMs = nowMs + RESUME_MS;
      }
      await ask(`${url}/api/v1/status`, violations);
      metrics = await ask(`${url}/metrics`, violations);
      samples.push(takeSample(daemon.pid, metrics, nowMs));
      await sleep(systemClock, SAMPLE_MS);
    }
    await daemon.stop();
    return report({ durationMs, samples, metrics, violations, migrations: watch.migrations() });
  } finally {
    await daemon.stop();
    await listening.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Served {
  readonly frontend: readonly string[];
  readonly metasrv: readonly string[];
}

function startDaemon(folder: string, { frontend, metasrv }: Served, violations: string[]) {
  const config = {
    cluster: {
      name: 'soak',
      sql: { endpoints: frontend },
      metasrv: { endpoints: metasrv },
      requestTimeout: '3s',
    },
    schedule: { cron: '*/2 * * * * *' },
    execution: {
      ...{ dryRun: false, maxMovesPerCycle: 50, pauseBetweenMoves: '0s', pollInterval: '100ms' },
      ...{ regionCooldown: '10s', quarantine: { base: '10s', max: '1m' } },
    },
    state: { path: join(folder, 'state'), retention: '1h' },
    server: { listen: '127.0.0.1:0' },
  };
  const file = join(folder, 'rebalancer.yaml');
  writeFileSync(file, JSON.stringify(config));
  const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
  // What the image sets, and the heap that Node takes by itself under the 1 GiB that the manifests allow.
  const flags = ['--max-semi-space-size=4', '--max-old-space-size=512'];
  const child = spawn(process.execPath, [...flags, main, 'run', '-c', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  let isStopping = false;
  let lastLines = '';
  child.once('exit', (code, signal) => {
    if (!isStopping || code !== 0) violations.push(`The daemon ended: ${code ?? signal ?? ''}\n${lastLines}`);
  });
  const url = new Promise<string>((resolve, reject) => {
    const cancel = systemClock.setTimer(START_LIMIT_MS, () => reject(new Error('The daemon does not start')));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const found = /"url":"([^"]+)"/.exec(text)?.[1];
      if (found !== undefined) {
        cancel();
        resolve(found);
      }
      lastLines = (lastLines + text).slice(-2_000);
      for (const line of text.split('\n'))
        if (line.includes('"level":"error"')) violations.push(`Error in the log: ${line.slice(0, 500)}`);
    });
  });
  return {
    url,
    pid: child.pid ?? 0,
    exited: () => child.exitCode ?? undefined,
    async stop() {
      isStopping = true;
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
  };
}

type Cluster = Awaited<ReturnType<typeof listenAsCluster>>['cluster'];

/** Watches with the eyes of the cluster: never two migrations of ours at a time. */
function watchCluster(cluster: Cluster, violations: string[]): { migrations: () => number } {
  const ours = new Set<string>();
  let migrations = 0;
  cluster.onEvent((event) => {
    if (event.kind === 'migration-ended') ours.delete(event.procedureId);
    if (event.kind !== 'migration-started' || event.reason !== 'Manual' || event.resumed) return;
    migrations += 1;
    ours.add(event.procedureId);
    const underWay = cluster.migrationsUnderWay.filter(({ procedureId }) => ours.has(procedureId));
    if (underWay.length > 1) violations.push(`${underWay.length} migrations of ours at a time`);
  });
  return { migrations: () => migrations };
}

/** Moves a few regions behind everybody's back, always the same way for one seed. */
function disturber(cluster: Cluster): () => void {
  const prng = createPrng(`${flags.seed}/disturber`);
  return () => {
    const held = new Set(cluster.migrationsUnderWay.map(({ regionId }) => regionId));
    const regions = [...cluster.leaders()].filter(([id, leader]) => leader !== null && !held.has(id));
    const target = prng.pick([...cluster.regionsPerDatanode().keys()]);
    for (let moved = 0; moved < 5 && regions.length > 0; moved += 1) {
      const [regionId] = prng.pick(regions);
      cluster.moveRegionBehindTheScenes(regionId, target);
    }
    for (const { id, diedAtMs } of cluster.truth.datanodes.values())
      if (diedAtMs !== null) cluster.reviveDatanode(id);
  };
}

async function ask(url: string, violations: string[], init: RequestInit = {}): Promise<string> {
  try {
    const response = await fetch(url, { ...init, headers: { 'content-type': 'application/json' } });
    const text = await response.text();
    if (!response.ok) violations.push(`${url}: HTTP ${response.status} ${text.slice(0, 200)}`);
    return text;
  } catch (error) {
    violations.push(`${url}: ${String(error)}`);
    return '';
  }
}

interface Findings {
  readonly durationMs: number;
  readonly samples: readonly Sample[];
  readonly metrics: string;
  readonly violations: readonly string[];
  readonly migrations: number;
}

function report({ durationMs, samples, metrics, violations, migrations }: Findings): number {
  const memory = growth(samples, ({ residentBytes }) => residentBytes);
  const heap = growth(samples, ({ heapUsedBytes }) => heapUsedBytes);
  const descriptors = growth(samples, (sample) => sample.descriptors);
  const cycleSeconds = `${PREFIX}_cycle_duration_seconds`;
  const result = {
    duration: formatDuration(durationMs),
    samples: samples.length,
    memory,
    heap,
    descriptors,
    cycles: metric(metrics, `${PREFIX}_cycles_total`),
    failedCycles: metric(metrics, `${PREFIX}_cycles_total`, 'outcome="failed"'),
    migrations,
    succeeded: metric(metrics, `${PREFIX}_migrations_total`, 'outcome="succeeded"'),
    cycleSecondsP50: quantile(metrics, cycleSeconds, 0.5),
    cycleSecondsP99: quantile(metrics, cycleSeconds, 0.99),
    violations: violations.slice(0, 50),
  };
  console.log(
    `Ran for ${result.duration}; ${result.cycles} cycles (${result.failedCycles} failed), ${migrations} migrations`,
  );
  console.log(`Resident memory: ${megabytes(memory)}; heap in use: ${megabytes(heap)}`);
  console.log(`Open descriptors: ${descriptors.early} -> ${descriptors.late}`);
  console.log(
    `Cycles take ${result.cycleSecondsP50} s (half of them), ${result.cycleSecondsP99} s (99 %) or less`,
  );
  console.log(`Violations: ${violations.length}`);
  for (const violation of result.violations) console.log(`  ${violation}`);
  if (flags.out !== undefined)
    writeFileSync(flags.out, `${JSON.stringify({ ...result, series: samples }, null, 2)}\n`);
  const isFlat = [memory, descriptors].every(({ percent }) => percent < MAX_GROWTH_PERCENT);
  return violations.length === 0 && isFlat ? 0 : 1;
}

function megabytes({ early, late, percent }: Growth): string {
  const show = (bytes: number): string => (bytes / 1_048_576).toFixed(1);
  return `${show(early)} -> ${show(late)} MiB (${percent.toFixed(1)} %)`;
}
