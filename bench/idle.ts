import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { systemClock } from '../src/lib/clock.ts';
import { createPrng } from '../src/lib/prng.ts';
import {
  serveSimulatedCluster,
  SimulatedCluster,
  type SimExchange,
  type SimRequest,
} from '../src/simulator/index.ts';
import { ms } from './row.ts';
import type { Row } from './row.ts';

/** The schedule whose share of a core is asked for. */
const SCHEDULE_MS = 30_000;
const MOST_MB = 200;
const MOST_SHARE = 0.01;
/** How much the memory may grow from the first tenth of the cycles to the last, and still be called flat. */
const MOST_GROWTH = 0.1;
/** `IDLE_CYCLES=10000 npm run bench -- idle` measures for as long as the figure speaks of. */
const CYCLES = Number(process.env['IDLE_CYCLES'] ?? 1_000);
/** What the image sets, and the heap that Node takes by itself under the 1 GiB that the manifests allow. */
const NODE_OPTIONS = '--max-semi-space-size=4 --max-old-space-size=512';
const MAIN = join(import.meta.dirname, '..', 'dist', 'main.js');
/** A clock tick of /proc/PID/stat, as Linux has had it on every machine for decades. */
const TICK_MS = 10;

/** What the daemon's process has taken. */
interface Sample {
  readonly rssMb: number;
  /** The most that it has ever had, at its start and in the middle of a cycle too. */
  readonly peakMb: number;
  readonly cpuMs: number;
}

/**
 * A cluster at rest gives the same answers again and again: it works them out once in two seconds, so that many cycles do not take hours.
 * The daemon's work is the same.
 */
class RestingCluster extends SimulatedCluster {
  readonly #known = new Map<string, { readonly exchange: SimExchange; readonly untilMs: number }>();

  override async exchange(request: SimRequest, signal?: AbortSignal): Promise<SimExchange> {
    const key = `${request.target} ${request.path} ${request.query ?? ''} ${request.body ?? ''}`;
    const known = this.#known.get(key);
    const nowMs = systemClock.monotonicMs();
    if (known && known.untilMs > nowMs) return known.exchange;
    const exchange = await super.exchange(request, signal);
    this.#known.set(key, { exchange, untilMs: nowMs + 2_000 });
    return exchange;
  }
}

/** A daemon with nothing to do on 10 000 regions, as the image runs it (`npm run build` first): what it takes, and whether that grows. */
export async function* idleSuite(): AsyncGenerator<Row> {
  if (!existsSync(MAIN)) throw new Error('There is no dist/main.js: run `npm run build` first');
  const samples = await measure();
  const [first, second] = samples;
  const last = samples.at(-1);
  if (!first || !second || !last) throw new Error('The daemon measured nothing');
  const highestMb = Math.max(...samples.slice(1).map(({ rssMb }) => rssMb));
  const growth = (last.rssMb - second.rssMb) / second.rssMb;
  const cpuMs = (last.cpuMs - first.cpuMs) / CYCLES;
  yield {
    name: `Idle daemon, 10 000 regions: memory over ${CYCLES} cycles`,
    figure: `at most ${highestMb.toFixed(0)} MB resident between cycles, ${last.peakMb.toFixed(0)} MB within, ${last.rssMb.toFixed(0)} MB at the end`,
    reference: `after a tenth of the cycles: ${second.rssMb.toFixed(0)} MB`,
    target: `under ${MOST_MB} MB, flat (at most ${MOST_GROWTH * 100} % more)`,
    ratio: `${(growth * 100).toFixed(1)} %`,
    met: highestMb < MOST_MB && growth <= MOST_GROWTH,
  };
  const lastTenth = (last.cpuMs - (samples.at(-2)?.cpuMs ?? 0)) / (CYCLES / TENTHS);
  yield {
    name: 'Idle daemon, 10 000 regions: share of one core',
    figure: `${ms(cpuMs)} per cycle, ${ms(lastTenth)} in the last tenth`,
    reference: `a cycle every ${SCHEDULE_MS / 1_000} s`,
    target: `under ${MOST_SHARE * 100} %`,
    ratio: `${((cpuMs / SCHEDULE_MS) * 100).toFixed(2)} %`,
    met: cpuMs / SCHEDULE_MS < MOST_SHARE,
  };
}

const TENTHS = 10;
/** Cycles before the first sample: what is compiled and cached once is no matter of the cycles. */
const WARM_UP_CYCLES = 20;

/** Samples before the first cycle that counts and after each tenth. */
async function measure(): Promise<Sample[]> {
  const cluster = new RestingCluster(
    {
      profile: '1.3',
      layout: { datanodes: 20, tables: 1_000, regionsPerTable: [10, 10], layout: 'balanced' },
    },
    { clock: systemClock, prng: createPrng('idle') },
  );
  const served = await serveSimulatedCluster(cluster, { controlPort: null }, { clock: systemClock });
  const folder = mkdtempSync(join(tmpdir(), 'rebalancer-bench-'));
  const settings = [
    `cluster.sql.endpoints=${JSON.stringify(served.frontend)}`,
    `cluster.metasrv.endpoints=${JSON.stringify(served.metasrv)}`,
    'schedule.cron=0 0 1 1 *',
    `state.path=${folder}`,
    'server.listen=127.0.0.1:0',
  ];
  const child = spawn(process.execPath, [MAIN, 'run', ...settings.flatMap((each) => ['--set', each])], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    return await sampleCycles(
      child.pid ?? 0,
      createInterface({ input: child.stdout })[Symbol.asyncIterator](),
    );
  } finally {
    child.kill('SIGKILL');
    await served.close();
    cluster.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function sampleCycles(pid: number, lines: AsyncIterator<string>): Promise<Sample[]> {
  const url = (await next(lines, /"url":"([^"]+)"/))[1] ?? '';
  await next(lines, CYCLE_ENDS);
  const samples: Sample[] = [];
  for (let cycle = 1 - WARM_UP_CYCLES; cycle <= CYCLES; cycle += 1) {
    await trigger(url, addresses[(cycle + WARM_UP_CYCLES) % addresses.length] ?? '');
    await next(lines, CYCLE_ENDS);
    // A moment between two cycles, as a schedule leaves it.
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (cycle === 0 || (cycle > 0 && cycle % (CYCLES / TENTHS) === 0)) samples.push(sample(pid));
  }
  return samples;
}

/** From each address the daemon takes one action a second. */
const addresses = Array.from({ length: 200 }, (_, index) => `127.1.0.${index + 1}`);

function trigger(url: string, localAddress: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${url}/api/v1/trigger`,
      { method: 'POST', localAddress, agent: false },
      (answer) => {
        answer.resume();
        if (answer.statusCode === 202) resolve();
        else reject(new Error(`The daemon begins no cycle: status ${answer.statusCode ?? 0}`));
      },
    );
    asked.on('error', reject).end();
  });
}

const CYCLE_ENDS = /"outcome":"(\w+)"/;

/** The first of the following lines that fits. */
async function next(lines: AsyncIterator<string>, pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const line = await lines.next();
    if (line.done === true) throw new Error(`The daemon ended before ${String(pattern)}`);
    const match = pattern.exec(line.value);
    if (match) return match;
  }
}

function sample(pid: number): Sample {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1_024;
  // After the name in brackets come state and numbers: user and system time are the twelfth and thirteenth.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return {
    rssMb: megabytes('VmRSS'),
    peakMb: megabytes('VmHWM'),
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
  };
}
