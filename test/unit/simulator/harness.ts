import { createPrng } from '../../../src/lib/prng.ts';
import { parseJsonExact } from '../../../src/lib/json.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { SimulatedCluster } from '../../../src/simulator/index.ts';
import type { SimulatedClusterOptions } from '../../../src/simulator/index.ts';
import type { SimResponse } from '../../../src/simulator/serve/http.ts';

export interface Play {
  readonly clock: VirtualClock;
  readonly cluster: SimulatedCluster;
  /** Sends SQL to a frontend as a form. */
  sql(
    text: string,
    options?: { frontend?: number; db?: string; headers?: Record<string, string> },
  ): Promise<SimResponse>;
  /** The rows of a query that must succeed. Long integers come as texts. */
  rows(text: string, options?: { frontend?: number; db?: string }): Promise<unknown[][]>;
  /** The first cell of a statement that must succeed. */
  cell(text: string): Promise<unknown>;
  /** The code and text of a statement that must fail. */
  error(text: string): Promise<{ status: number; code: number; error: string }>;
  /** Sends a request to a metasrv: `GET /path?query`. */
  admin(request: string, target?: string): Promise<SimResponse>;
  /** The regions of the first table with their leaders. */
  firstRegions(): { id: string; leader: string }[];
}

/** Three datanodes, two tables of three regions, one metric table; all on 0 and 1. */
export function play(options: SimulatedClusterOptions = {}, seed: string | number = 'play'): Play {
  const clock = new VirtualClock();
  const layout = { datanodes: 3, tables: 2, regionsPerTable: [3, 3], ...options.layout } as const;
  const cluster = new SimulatedCluster({ ...options, layout }, { clock, prng: createPrng(seed) });
  const sql: Play['sql'] = (text, { frontend = 0, db, headers = {} } = {}) => {
    const body = new URLSearchParams({ sql: text, ...(db === undefined ? {} : { db }) });
    return cluster.handle({
      target: `frontend-${frontend}`,
      method: 'POST',
      path: '/v1/sql',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: body.toString(),
    });
  };
  const rows: Play['rows'] = async (text, sqlOptions) => {
    const response = await sql(text, sqlOptions);
    const parsed = parseJsonExact(response.body) as { output?: { records: { rows: unknown[][] } }[] };
    if (!parsed.output) throw new Error(`${text}: ${response.body}`);
    return parsed.output[0]?.records.rows ?? [];
  };
  return {
    clock,
    cluster,
    sql,
    rows,
    cell: async (text) => (await rows(text))[0]?.[0],
    error: async (text) => {
      const { status, body } = await sql(text);
      const { code, error } = JSON.parse(body);
      return { status, code, error };
    },
    admin: (request, target = 'metasrv-0') => {
      const [method = 'GET', url = ''] = request.split(' ');
      const [path = '', query = ''] = url.split('?');
      return cluster.handle({ target, method, path, query });
    },
    firstRegions: () => {
      const [table] = cluster.truth.sortedTables();
      return (table?.routes ?? []).map(({ region, leader }) => ({ id: region.id, leader: leader ?? '' }));
    },
  };
}

interface Listed {
  readonly name: string;
}

/** The one result set of a successful answer. */
export function recordsOf(body: string): { columns: string[]; rows: unknown[][] } {
  interface Envelope {
    output: { records: { schema: { column_schemas: Listed[] }; rows: unknown[][] } }[];
  }
  const envelope: Envelope = JSON.parse(body);
  const { schema, rows } = envelope.output[0]!.records;
  return { columns: schema.column_schemas.map(({ name }) => name), rows };
}
