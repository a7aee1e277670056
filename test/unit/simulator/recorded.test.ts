import { describe, expect, it } from 'vitest';
import { recordedExchanges } from '../../support/recorded.ts';
import type { RecordedExchange } from '../../support/recorded.ts';
import { play } from './harness.ts';
import type { Play } from './harness.ts';

/** Where the recorded cluster stands: the leader's address is that of its gRPC port. */
const METASRV = { 'metasrv-0': '127.0.0.1:15002', 'metasrv-0-http': '127.0.0.1:15000' };

/** With it the events are put on the same datanode as there. */
const SEED = '1';

/** The recorded cluster, at the moment of the first recorded request. Events are written as long after the first migration as there. */
async function recordedCluster(): Promise<Play> {
  const layout = { datanodes: 3, tables: 0, metricTables: 0, views: 0 };
  const stage = play({ profile: '1.0', election: true, migrationMs: 100, layout }, SEED);
  const { cluster, clock } = stage;
  for (const [target, address] of Object.entries(METASRV)) cluster.setAddress(target, address);
  cluster.createTable({ name: 'cpu', regions: 4, on: ['0', '1', '2', '0'] });
  const physical = cluster.createTable({ name: 'phy', regions: 1, engine: 'metric', on: ['1'] });
  cluster.createTable({ name: 'l1', engine: 'metric', physical });
  cluster.createTable({ name: 'v1', engine: '' });
  await clock.advance(15_600);
  return stage;
}

/** What happened to the cluster before the request of that number. */
const HAPPENINGS: Readonly<Record<number, (stage: Play) => void | Promise<void>>> = {
  43: ({ cluster }) => cluster.killDatanode('1'),
  52: ({ cluster }) => cluster.killMetasrv(0),
  54: async ({ cluster, clock }) => {
    cluster.reviveMetasrv(0);
    await clock.advance(8_000);
  },
};

function send({ cluster }: Play, { method, path, sql }: RecordedExchange): ReturnType<typeof cluster.handle> {
  const [bare = '', query = ''] = path.split('?');
  const target = sql === undefined ? 'metasrv-0-http' : 'frontend-0';
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = sql === undefined ? {} : { headers: form, body: new URLSearchParams({ sql }).toString() };
  return cluster.handle({ target, method, path: bare, query, ...body });
}

type Answer = Pick<RecordedExchange, 'status' | 'headers' | 'body'>;

/** Columns whose values are times, ids, addresses, the machine's own, or what was written: their types alone are compared. */
const OWN_VALUES =
  /^(?:procedure_id|\w+_time|uptime|peer_addr|peer_hostname|\w+_millicores|\w+_bytes(?:_since_open)?|git_commit|\w+_length|\w+_rows|\w+_size|sst_num|ADMIN migrate_region.*)$/;

interface Comparable {
  readonly status: number;
  readonly headers: readonly (string | undefined)[];
  readonly schema?: unknown;
  readonly rows?: readonly string[];
  readonly body?: unknown;
}

const HEADERS = ['content-type', 'x-greptime-err-code', 'x-greptime-format'];

/** What must be alike in both answers. */
function comparable({ status, headers, body }: Answer, sql = ''): Comparable {
  const common = { status, headers: HEADERS.map((name) => headers[name]) };
  if (!/^[{[]/.test(body)) return { ...common, body };
  const json: Body & object = JSON.parse(body, (key, value: unknown) =>
    /^(?:execution_time_ms|timestamp_millis|human_time|node_addr)$/.test(key) ? typeof value : value,
  );
  if (Array.isArray(json)) return { ...common, body: json.map((item) => JSON.stringify(item)).sort() };
  if (!json.output) return { ...common, body: withoutAddresses(JSON.stringify(json)) };
  const { schema, rows } = json.output[0].records;
  const columns = schema.column_schemas.map(({ name }) => name);
  return { ...common, schema, rows: comparableRows(columns, rows, sql) };
}

interface Body {
  readonly output?: readonly [
    { readonly records: { schema: { column_schemas: { name: string }[] }; rows: unknown[][] } },
  ];
}

function withoutAddresses(text: string): string {
  return text.replace(/\d+\.\d+\.\d+\.\d+:\d+/g, 'ADDRESS');
}

/** Rows come in no order unless one is asked for. Of the virtual tables, which have no regions, one stands for all. */
function comparableRows(columns: readonly string[], rows: readonly unknown[][], sql: string): string[] {
  const [type, name] = [columns.indexOf('table_type'), columns.indexOf('table_name')];
  const wanted = rows.filter((row) => row[type] !== 'LOCAL TEMPORARY' || row[name] === 'tables');
  const texts = wanted.map((row) =>
    JSON.stringify(row.map((cell, index) => comparableCell(columns[index]!, cell, sql))),
  );
  return sql.includes('ORDER BY') ? texts : [...new Set(texts)].sort();
}

function comparableCell(column: string, cell: unknown, sql: string): unknown {
  if (column === 'node_status') return String(cell).replace(/\d+/g, 'COUNT');
  if (column === 'create_options') return String(cell).split(' ').sort();
  const isOwn = OWN_VALUES.test(column) || sql.includes('region_statistics');
  return isOwn && cell !== null ? typeof cell : cell;
}

interface Replayed {
  readonly exchange: RecordedExchange;
  readonly answer: Answer;
  /** The same without its limit: with a limit alone, any rows may come. */
  readonly whole?: Answer;
}

/** Sends every recorded statement, at the recorded times, and lets happen what happened in between. */
async function replay(): Promise<Replayed[]> {
  const stage = await recordedCluster();
  const ids = new Map<string, string>();
  const replayed: Replayed[] = [];
  let atMs = Number.NaN;
  for (const [index, exchange] of recordedExchanges().entries()) {
    await HAPPENINGS[index]?.(stage);
    await stage.clock.advance(Date.parse(exchange.at) - atMs || 0);
    atMs = Date.parse(exchange.at);
    const [, whole] = /^(SELECT (?!.*ORDER BY).*) LIMIT \d+$/.exec(exchange.sql ?? '') ?? [];
    replayed.push({
      exchange,
      answer: await sendTranslated(stage, exchange, ids),
      ...(whole !== undefined && { whole: await send(stage, { ...exchange, sql: whole }) }),
    });
  }
  return replayed;
}

const UUID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/;

/** Procedures have other ids here than there. */
async function sendTranslated(
  stage: Play,
  exchange: RecordedExchange,
  ids: Map<string, string>,
): Promise<Answer> {
  const { sql = '' } = exchange;
  const [id = ''] = UUID.exec(sql) ?? [];
  const own = ids.get(id) ?? id;
  const answer = await send(
    stage,
    exchange.sql === undefined ? exchange : { ...exchange, sql: sql.replace(id, own) },
  );
  const [there, here] = [exchange.body, answer.body].map((body) => UUID.exec(body)?.[0]);
  if (sql.startsWith('ADMIN migrate_region') && there && here) ids.set(there, here);
  return own === '' ? answer : { ...answer, body: answer.body.replaceAll(own, id) };
}

describe('the simulated 1.0 answers as a real GreptimeDB 1.0.2 did', async () => {
  const named = (await replay()).map((each, index) => {
    const { sql, method, path } = each.exchange;
    return [`${index}: ${sql ?? `${method} ${path}`}`, each] as const;
  });

  it.each(named)('%s', (_, { exchange, answer, whole }) => {
    const [here, there] = [comparable(answer, exchange.sql), comparable(exchange, exchange.sql)];
    if (!whole || !there.rows) {
      expect(here).toEqual(there);
      return;
    }
    expect({ ...here, rows: [] }).toEqual({ ...there, rows: [] });
    expect(comparable(whole, exchange.sql).rows).toEqual(expect.arrayContaining([...there.rows]));
  });
});
