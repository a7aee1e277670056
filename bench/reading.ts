import { Worker } from 'node:worker_threads';
import { Pool } from 'undici';
import { parseSnapshot, snapshotChunks } from '../src/domain/snapshot-file.ts';
import { compileSelection } from '../src/domain/selector.ts';
import { openCluster } from '../src/greptimedb/index.ts';
import type { RequestSample } from '../src/greptimedb/options.ts';
import { readRegionPeers, REGION_PEER_COLUMNS } from '../src/greptimedb/sql/region-peers.ts';
import { readSqlAnswer } from '../src/greptimedb/sql/result.ts';
import { systemClock } from '../src/lib/clock.ts';
import { makeSnapshot } from './clusters.ts';
import { comparisonRow, fastestInTurn, ms, times } from './row.ts';
import type { Row } from './row.ts';

const ROWS = 1_000_000;
const ROUTES = 10_000;
/** In turn with what it is compared with, so that a busy moment of the machine meets both. */
const TRIES = 6;
/** As many requests at a time as the adapter allows itself. */
const CONNECTIONS = 16;

/** How fast the adapters read, against the least that reading takes. */
export async function* readingSuite(): AsyncGenerator<Row> {
  yield await readPeers('exact ids below 2^53', 1024);
  yield await readPeers('ids above 2^53', 2_200_000);
  yield await readSnapshot();
  yield await readRoutes();
}

async function readPeers(name: string, firstTable: number): Promise<Row> {
  const body = peersBody(firstTable);
  const parse = (): unknown => JSON.parse(body);
  let regions = 0;
  const read = async (): Promise<void> => {
    const rows = readSqlAnswer(
      { status: 200, headers: { 'content-type': 'application/json' }, body },
      'bench',
    );
    const tables = rows ? [...(await readRegionPeers(rows)).byTable.values()] : [];
    regions = tables.reduce((sum, { inOrder }) => sum + inOrder.length, 0);
  };
  const [parseMs, readMs] = await fastestInTurn(TRIES, parse, read);
  if (regions !== ROWS) throw new Error(`Read ${regions} of ${ROWS} regions`);
  return comparisonRow({
    name: `region_peers of ${ROWS} rows, ${name}`,
    measuredMs: readMs,
    reference: 'JSON.parse',
    referenceMs: parseMs,
    target: 'at most 1.5 ×',
    met: readMs <= 1.5 * parseMs,
  });
}

function peersBody(firstTable: number): string {
  const schema = {
    column_schemas: REGION_PEER_COLUMNS.map((column) => ({ name: column, data_type: 'String' })),
  };
  const rows: string[] = [];
  for (let row = 0; row < ROWS; row += 1) {
    const table = firstTable + Math.floor(row / 100);
    const id = (BigInt(table) << 32n) | BigInt(row % 100);
    rows.push(`[${id},${row % 1000},"10.0.0.1:4001","Yes","ALIVE"]`);
  }
  return `{"output":[{"records":{"schema":${JSON.stringify(schema)},"rows":[${rows.join(',')}],"total_rows":${ROWS}}}],"execution_time_ms":7}`;
}

async function readSnapshot(): Promise<Row> {
  const shape = {
    tables: 1_000,
    regionsPerTable: 100,
    datanodes: 100,
    used: 100,
    layout: 'balanced',
  } as const;
  const text = [...snapshotChunks(makeSnapshot(shape))].join('');
  const [parseMs, readMs] = await fastestInTurn(
    TRIES,
    () => JSON.parse(text) as unknown,
    () => parseSnapshot(text),
  );
  return {
    name: 'Snapshot file of 100 000 regions, checked',
    figure: ms(readMs),
    reference: `JSON.parse: ${ms(parseMs)}`,
    target: 'at most 2 ×',
    ratio: times(readMs / parseMs),
    met: readMs <= 2 * parseMs,
  };
}

async function readRoutes(): Promise<Row> {
  const server = new Worker(new URL('./route-server.ts', import.meta.url), { workerData: ROUTES });
  const port = await new Promise<number>((resolve) => server.once('message', resolve));
  const origin = `http://127.0.0.1:${port}`;
  const { signal } = new AbortController();
  const phase = new RoutePhase();
  const reader = await openCluster(
    {
      name: 'bench',
      api: 'metasrv',
      metasrv: { endpoints: [origin], clusterId: 0 },
      requestTimeoutMs: 10_000,
    },
    { clock: systemClock, onRequest: (sample) => phase.note(sample) },
    { signal },
  );
  const selector = compileSelection({ include: [], exclude: [] });
  const pool = new Pool(origin, { connections: CONNECTIONS });
  let adapterMs = Infinity;
  let bareMs = Infinity;
  for (let run = 0; run < TRIES; run += 1) {
    phase.reset();
    const { regions } = await reader.readSnapshot({ selector, signal });
    if (regions.length !== ROUTES) throw new Error(`Read ${regions.length} of ${ROUTES} routes`);
    adapterMs = Math.min(adapterMs, phase.durationMs());
    const startMs = performance.now();
    await bareRoutes(pool);
    bareMs = Math.min(bareMs, performance.now() - startMs);
  }
  await reader.close();
  await pool.close();
  await server.terminate();
  const perSecond = (durationMs: number): string => `${Math.round((ROUTES / durationMs) * 1_000)} a second`;
  return {
    name: `${ROUTES} /admin/route requests of the metasrv adapter, parsed and checked`,
    figure: perSecond(adapterMs),
    reference: `bare undici pool: ${perSecond(bareMs)}`,
    target: 'at least 80 %',
    ratio: `${Math.round((100 * bareMs) / adapterMs)} %`,
    met: bareMs / adapterMs >= 0.8,
  };
}

/** The part of a snapshot in which routes are read: from the first request's start to the last one's end. */
class RoutePhase {
  #startMs = Infinity;
  #endMs = 0;

  reset(): void {
    this.#startMs = Infinity;
    this.#endMs = 0;
  }

  note({ endpoint, durationMs }: RequestSample): void {
    if (endpoint !== 'route') return;
    const nowMs = systemClock.monotonicMs();
    this.#startMs = Math.min(this.#startMs, nowMs - durationMs);
    this.#endMs = nowMs;
  }

  durationMs(): number {
    return this.#endMs - this.#startMs;
  }
}

async function bareRoutes(pool: Pool): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < ROUTES) {
      const { body } = await pool.request({ method: 'GET', path: `/admin/route?table_id=${1024 + next++}` });
      await body.text();
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
}
