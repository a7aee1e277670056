import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { makeSnapshot } from './clusters.ts';
import { ms, times } from './row.ts';
import type { Row } from './row.ts';

/** What the operating system counted for one process. */
interface Usage {
  readonly cpuMs: number;
  readonly residentMiB: number;
}

const MAIN = join(import.meta.dirname, '..', 'dist', 'main.js');

/** Writes down at the end of a process what it used. */
const METER = `
const { writeFileSync } = require('node:fs');
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeFileSync(process.env.METER_FILE, JSON.stringify({ cpuMs: (userCPUTime + systemCPUTime) / 1000, residentMiB: maxRSS / 1024 }));
});
`;

/** Whole commands of the built program (`npm run build` first) beside bare Node, in processor time. */
export async function* commandsSuite(): AsyncGenerator<Row> {
  const folder = mkdtempSync(join(tmpdir(), 'rebalancer-bench-'));
  try {
    const meter = createMeter(folder);
    yield* smallCommands(meter, folder);
    yield* await statusCommand(meter);
    yield* largePlans(meter, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Meter = (runs: number, ...args: readonly string[]) => Usage;

/** Runs Node with these arguments; the least processor time and the least memory of some runs. */
function createMeter(folder: string): Meter {
  const hook = join(folder, 'meter.cjs');
  const file = join(folder, 'usage.json');
  writeFileSync(hook, METER);
  return (runs, ...args) => {
    const used = Array.from({ length: runs }, () => {
      const { status } = spawnSync(process.execPath, ['--require', hook, ...args], {
        env: { PATH: process.env['PATH'], METER_FILE: file },
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      if (status !== 0) throw new Error(`${args.join(' ')} ended with status ${status}`);
      return JSON.parse(readFileSync(file, 'utf8')) as Usage;
    });
    return {
      cpuMs: Math.min(...used.map(({ cpuMs }) => cpuMs)),
      residentMiB: Math.min(...used.map(({ residentMiB }) => residentMiB)),
    };
  };
}

const RUNS = 7;
const MOST_TIMES_BARE = 5;
const SMALL_MIB = 75;

function* smallCommands(meter: Meter, folder: string): Generator<Row> {
  const file = writeSnapshot(folder, { tables: 1, regionsPerTable: 20, datanodes: 4, used: 2 });
  yield besideBareNode(meter, '`--version`', ['--version']);
  yield besideBareNode(meter, '`--help`', ['--help']);
  yield besideBareNode(meter, '`plan --from`, 20 regions', ['plan', '--from', file]);
}

async function statusCommand(meter: Meter): Promise<Row[]> {
  const demo = spawn(process.execPath, [MAIN, 'demo', '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    const url = await printedUrl(demo.stdout, demo.stderr);
    return [besideBareNode(meter, '`status`', ['status', '--url', url])];
  } finally {
    demo.kill();
    await once(demo, 'exit');
  }
}

async function printedUrl(...streams: readonly NodeJS.ReadableStream[]): Promise<string> {
  const found = streams.map(async (input) => {
    for await (const line of createInterface({ input })) {
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
      if (url !== undefined && line.includes('/api/v1/status')) return url;
    }
    throw new Error('The demo ended without saying where it listens');
  });
  return Promise.any(found);
}

function besideBareNode(meter: Meter, name: string, args: readonly string[]): Row {
  const bare = meter(RUNS, '-e', '0');
  const { cpuMs, residentMiB } = meter(RUNS, MAIN, ...args);
  const ratio = cpuMs / bare.cpuMs;
  return {
    name,
    figure: `${ms(cpuMs)}, ${Math.round(residentMiB)} MiB`,
    reference: `\`node -e 0\` ${ms(bare.cpuMs)}`,
    target: `at most ${MOST_TIMES_BARE} ×, ${SMALL_MIB} MiB`,
    ratio: times(ratio),
    met: ratio <= MOST_TIMES_BARE && residentMiB <= SMALL_MIB,
  };
}

const LARGE = [
  { name: '100 000', tables: 1_000, datanodes: 110, used: 100, mostTimes: 6, mostMiB: Infinity, runs: 3 },
  { name: 'a million', tables: 10_000, datanodes: 1_000, used: 1_000, mostTimes: 4, mostMiB: 650, runs: 2 },
];

function* largePlans(meter: Meter, folder: string): Generator<Row> {
  for (const { name, tables, datanodes, used, mostTimes, mostMiB, runs } of LARGE) {
    const file = writeSnapshot(folder, { tables, regionsPerTable: 100, datanodes, used });
    const parse = meter(runs, '-e', `JSON.parse(require('node:fs').readFileSync(${JSON.stringify(file)}))`);
    const { cpuMs, residentMiB } = meter(runs, MAIN, 'plan', '--from', file);
    const ratio = cpuMs / parse.cpuMs;
    yield {
      name: `\`plan --from\`, ${name} regions`,
      figure: `${ms(cpuMs)}, ${Math.round(residentMiB)} MiB`,
      reference: `\`JSON.parse\` of the file in a process of its own ${ms(parse.cpuMs)}`,
      target: `at most ${mostTimes} ×${mostMiB === Infinity ? '' : `, ${mostMiB} MiB`}`,
      ratio: times(ratio),
      met: ratio <= mostTimes && residentMiB <= mostMiB,
    };
  }
}

interface Size {
  readonly tables: number;
  readonly regionsPerTable: number;
  readonly datanodes: number;
  readonly used: number;
}

function writeSnapshot(folder: string, size: Size): string {
  const file = join(folder, 'snapshot.json');
  writeFileSync(file, JSON.stringify(makeSnapshot({ ...size, layout: 'random' })));
  return file;
}
