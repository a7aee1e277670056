import { parseJsonExact } from '../../../src/lib/json.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import type { SimulatedClusterOptions } from '../../../src/simulator/index.ts';
import type { SimResponse } from '../../../src/simulator/serve/http.ts';
import { simulated } from '../../support/greptimedb.ts';

export type Play = ReturnType<typeof play>;

interface SqlOptions {
  readonly frontend?: number;
  readonly db?: string;
  readonly headers?: Record<string, string>;
}

interface Records {
  readonly schema: { readonly column_schemas: readonly { readonly name: string }[] };
  readonly rows: unknown[][];
}

/** Three datanodes, two tables of three regions, one metric table; all on 0 and 1. */
export function play(options: SimulatedClusterOptions = {}, seed = 'play') {
  const clock = new VirtualClock();
  const layout = { datanodes: 3, tables: 2, regionsPerTable: [3, 3], ...options.layout } as const;
  const cluster = simulated({ ...options, layout }, clock, seed);
  /** Sends SQL to a frontend as a form. */
  const sql = (text: string, { frontend = 0, db, headers = {} }: SqlOptions = {}): Promise<SimResponse> => {
    const body = new URLSearchParams({ sql: text, ...(db === undefined ? {} : { db }) });
    return cluster.handle({
      target: `frontend-${frontend}`,
      method: 'POST',
      path: '/v1/sql',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: body.toString(),
    });
  };
  /** The rows of a query that must succeed. Long integers come as texts. */
  const rows = async (text: string, sqlOptions?: SqlOptions): Promise<unknown[][]> => {
    const { body } = await sql(text, sqlOptions);
    const parsed = parseJsonExact(body) as { output?: { records: Records }[] };
    if (!parsed.output) throw new Error(`${text}: ${body}`);
    return parsed.output[0]?.records.rows ?? [];
  };
  return {
    clock,
    cluster,
    sql,
    rows,
    /** The first cell of a statement that must succeed. */
    cell: async (text: string): Promise<unknown> => (await rows(text))[0]?.[0],
    /** The code and text of a statement that must fail. */
    error: async (text: string): Promise<{ status: number; code: number; error: string }> => {
      const { status, body } = await sql(text);
      const { code, error } = JSON.parse(body);
      return { status, code, error };
    },
    /** Sends a request to a metasrv: `GET /path?query`. */
    admin: (request: string, target = 'metasrv-0'): Promise<SimResponse> => {
      const [method = 'GET', url = ''] = request.split(' ');
      const [path = '', query = ''] = url.split('?');
      return cluster.handle({ target, method, path, query });
    },
    /** The regions of the first table with their leaders. */
    firstRegions: (): { id: string; leader: string }[] => {
      const [table] = cluster.truth.sortedTables();
      return (table?.routes ?? []).map(({ region, leader }) => ({ id: region.id, leader: leader ?? '' }));
    },
  };
}

/** The rows of a table in words: a line each, cells between bars. */
export function cases(text: string): string[][] {
  const lines = text.trim().split('\n');
  return lines.map((line) => line.split(' | ').map((cell) => cell.trim()));
}

/** The one result set of a successful answer. */
export function recordsOf(body: string): { columns: string[]; rows: unknown[][] } {
  const envelope: { output: { records: Records }[] } = JSON.parse(body);
  const { schema, rows } = envelope.output[0]!.records;
  return { columns: schema.column_schemas.map(({ name }) => name), rows };
}
