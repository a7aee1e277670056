import { createMetrics } from '../src/observability/metrics.ts';
import { hasPlan, startProcesses, waitFor } from './processes.ts';
import { comparisonRow, ms, p99 } from './row.ts';
import type { Row } from './row.ts';

const LARGE = { datanodes: 100, tables: 1_000, regions: 100 } as const;
const REQUESTS = 2_000;
const RENDERINGS = 200;

/** How quickly the daemon answers: its status beside cycles that never stop, and its metrics with many datanodes. */
export async function* apiSuite(): AsyncGenerator<Row> {
  yield* statusRows();
  yield await metricsRow();
}

async function* statusRows(): AsyncGenerator<Row> {
  const idleMs = await measure(['schedule.cron=0 0 1 1 *']);
  const moving = [
    'schedule.cron=0 0 1 1 *',
    'execution.dryRun=false',
    'execution.maxMovesPerCycle=100000',
    'execution.pollInterval=50ms',
  ];
  yield rowOf('a cycle that moves regions', await measure(moving), idleMs);
  yield rowOf('snapshots and plans without a pause', await measure(['schedule.cron=* * * * * *']), idleMs);
}

async function measure(settings: readonly string[]): Promise<number[]> {
  const daemon = await startProcesses(LARGE, settings);
  return statusLatencies(daemon.url).finally(() => daemon.close());
}

function rowOf(beside: string, latenciesMs: readonly number[], idleMs: readonly number[]): Row {
  const measuredMs = p99(latenciesMs);
  return comparisonRow({
    name: `Status of 100 000 regions beside ${beside}, p99`,
    measuredMs,
    note: ` (${latenciesMs.length} requests, slowest ${ms(Math.max(...latenciesMs))})`,
    reference: 'between cycles',
    referenceMs: p99(idleMs),
    target: 'under 20 ms',
    met: measuredMs < 20,
  });
}

async function statusLatencies(url: string): Promise<number[]> {
  const status = `${url}/api/v1/status`;
  await waitFor(status, hasPlan);
  const latencies: number[] = [];
  for (let request = 0; request < REQUESTS; request += 1) {
    const startMs = performance.now();
    await (await fetch(status)).arrayBuffer();
    latencies.push(performance.now() - startMs);
    // Spread over several cycles.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return latencies;
}

async function metricsRow(): Promise<Row> {
  const measuredMs = await renderMs(1_000);
  return comparisonRow({
    name: '/metrics with 1 000 datanodes, each time after a move, p99',
    measuredMs,
    reference: '10 datanodes',
    referenceMs: await renderMs(10),
    target: 'under 50 ms',
    met: measuredMs < 50,
  });
}

async function renderMs(datanodes: number): Promise<number> {
  const metrics = createMetrics({ version: '1' });
  const latencies: number[] = [];
  for (let rendering = 0; rendering < RENDERINGS; rendering += 1) {
    // As after a move.
    metrics.datanode_regions.reset();
    for (let id = 0; id < datanodes; id += 1)
      metrics.datanode_regions.set({ datanode: String(id) }, 100 + rendering);
    const startMs = performance.now();
    await metrics.render();
    latencies.push(performance.now() - startMs);
  }
  return p99(latencies);
}
