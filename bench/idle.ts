import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { listenAsCluster } from '../src/app/simulate.ts';
import { systemClock } from '../src/lib/clock.ts';
import { ms } from './row.ts';
import type { Row } from './row.ts';

const SAMPLE = z.object({ cycle: z.number(), rssMb: z.number(), cpuMs: z.number() });
type Sample = z.infer<typeof SAMPLE>;

/** The schedule whose share of a core is asked for. */
const SCHEDULE_MS = 30_000;
const MOST_MB = 150;
const MOST_SHARE = 0.01;
/** How much the memory may grow from the first tenth of the cycles to the last, and still be called flat. */
const MOST_GROWTH = 0.1;
/** `IDLE_CYCLES=10000 npm run bench -- idle` measures for as long as the figure speaks of. */
const CYCLES = Number(process.env['IDLE_CYCLES'] ?? 1_000);

/** A daemon with nothing to do on 10 000 regions: what it takes, and whether that grows. */
export async function* idleSuite(): AsyncGenerator<Row> {
  const { served, close } = await listenAsCluster(
    {
      ...{
        profile: '1.3',
        datanodes: 20,
        emptyDatanodes: 0,
        tables: 1_000,
        regions: 10,
        metasrvs: 1,
        frontends: 1,
      },
      ...{ migrationTimeMs: 1_000, seed: 'idle', port: 0, layout: 'balanced' },
    },
    systemClock,
  );
  const samples = await measure(served.frontend[0] ?? '', served.metasrv[0] ?? '');
  await close();
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last) throw new Error('The daemon measured nothing');
  const highestMb = Math.max(...samples.map(({ rssMb }) => rssMb));
  const growth = (last.rssMb - first.rssMb) / first.rssMb;
  const cpuMs = samples.reduce((sum, sample) => sum + sample.cpuMs, 0) / samples.length;
  yield {
    name: `Idle daemon, 10 000 regions: memory over ${last.cycle} cycles`,
    figure: `at most ${highestMb.toFixed(0)} MB resident, ${last.rssMb.toFixed(0)} MB at the end`,
    reference: `after a tenth of the cycles: ${first.rssMb.toFixed(0)} MB`,
    target: `under ${MOST_MB} MB, flat (at most ${MOST_GROWTH * 100} % more)`,
    ratio: `${(growth * 100).toFixed(1)} %`,
    met: highestMb < MOST_MB && growth <= MOST_GROWTH,
  };
  yield {
    name: 'Idle daemon, 10 000 regions: share of one core',
    figure: `${ms(cpuMs)} per cycle, ${ms(last.cpuMs)} in the last tenth`,
    reference: `a cycle every ${SCHEDULE_MS / 1_000} s`,
    target: `under ${MOST_SHARE * 100} %`,
    ratio: `${((cpuMs / SCHEDULE_MS) * 100).toFixed(2)} %`,
    met: cpuMs / SCHEDULE_MS < MOST_SHARE,
  };
}

/** In a process of its own, so that the simulated cluster's memory and time are not counted. */
async function measure(frontend: string, metasrv: string): Promise<Sample[]> {
  const file = join(import.meta.dirname, 'idle-daemon.ts');
  const child = spawn(process.execPath, [file, frontend, metasrv, String(CYCLES)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const samples: Sample[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const text: unknown = JSON.parse(line);
    samples.push(SAMPLE.parse(text));
  }
  return samples;
}
