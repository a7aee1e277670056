import { addressOf, toJson } from './wire-double.ts';
import type { Answer, DoubleRegion, DoubleTable, SeenRequest, WireDouble } from './wire-double.ts';

/** A row by its columns, in the order of the real table. */
type Row = Readonly<Record<string, unknown>>;

/** `POST /v1/sql` of a frontend of 1.3, for the few statements that a rebalancer has any business to send. */
export function answerSql(double: WireDouble, { path, sql }: SeenRequest): Answer {
  if (path !== '/v1/sql') return { status: 404, body: '' };
  if (double.version === '0.6')
    return error(4_001, 'Table not found: greptime.information_schema.region_peers');
  const call = /^(ADMIN|SELECT) (\w+)\((.*)\);?$/s.exec(sql);
  if (call) return callFunction(double, sql, call[1]!, call[2]!, call[3]!);
  const select =
    /^SELECT (.+) FROM information_schema\.(\w+)(?: WHERE region_id = (\d+))?(?: LIMIT (\d+))?;?$/s.exec(sql);
  if (!select) return error(2_000, `Invalid SQL syntax: ${sql}`);
  const [, wanted = '', table = '', region, limit = Infinity] = select;
  const rows = tablesOf(double)[table];
  if (!rows) return error(4_001, `Table not found: greptime.information_schema.${table}`);
  const columns = Object.keys(rows[0] ?? {});
  const names = wanted === '*' ? columns : wanted.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !columns.includes(name));
  if (unknown !== undefined) return error(3_000, `Failed to plan SQL: No field named ${unknown}`);
  const fitting = rows
    .slice(1)
    .filter((row) => region === undefined || row['region_id'] === BigInt(region))
    .slice(0, Number(limit));
  return result(
    names,
    fitting.map((row) => names.map((name) => row[name])),
  );
}

function result(columns: readonly string[], rows: readonly (readonly unknown[])[]): Answer {
  const schema = { column_schemas: columns.map((name) => ({ name, data_type: 'String' })) };
  const body = { output: [{ records: { schema, rows, total_rows: rows.length } }], execution_time_ms: 1 };
  return {
    status: 200,
    body: toJson(body),
    headers: { 'content-type': 'application/json', 'x-greptime-format': 'greptimedb_v1' },
  };
}

function error(code: number, text: string): Answer {
  return {
    status: code === 1_002 ? 500 : 400,
    body: JSON.stringify({ code, error: text, execution_time_ms: 0 }),
    headers: { 'content-type': 'application/json', 'x-greptime-err-code': String(code) },
  };
}

function callFunction(double: WireDouble, sql: string, form: string, name: string, args: string): Answer {
  if (name === 'version') return result(['version()'], [['8.4.2-greptimedb-1.3.0']]);
  if (form === 'ADMIN' && name === 'procedure_state')
    return procedureState(double, sql, args.replaceAll("'", ''));
  if (form !== 'ADMIN' || name !== 'migrate_region')
    return error(3_000, `Failed to plan SQL: Invalid function '${name}'`);
  const [id = '', from, to] = args.split(',').map((arg) => arg.trim());
  return migrate(double, sql, id, Number(from), Number(to));
}

function procedureState(double: WireDouble, sql: string, id: string): Answer {
  const procedure = double.procedures.find((each) => each.id === id);
  if (!procedure) return refuse('procedure_state', `Procedure not found: ${id}`);
  const { status } = procedure;
  const state =
    status === 'Failed' ? { status, error: 'The region migration procedure aborted' } : { status };
  return result([sql], [[JSON.stringify(state)]]);
}

/** The checks in the server's own order. */
function migrate(double: WireDouble, sql: string, id: string, from: number, to: number): Answer {
  const refusal = (text: string): Answer => refuse('migrate_region', text);
  const region = double.regions.get(BigInt(id));
  for (const peer of [from, to])
    if (!double.datanodes.has(peer)) return refusal(`The target peer is unavailable temporally: ${peer}`);
  if (double.procedures.some(({ status, region: held }) => status === 'Running' && held === region?.id))
    return refusal(`Another migration procedure is running for region: ${id}`);
  if (!region) return refusal(`Failed to find table route for ${id}`);
  if (region.leader === to)
    return refusal(`The region migration procedure is completed for region: ${id}, target_peer: ${to}`);
  if (region.leader !== from)
    return refusal(
      `Region's leader peer changed: Region's leader peer(${region.leader}) is not the \`from_peer\`(${from}), region: ${id}`,
    );
  return result([sql], [[double.submit(region, to).id]]);
}

/** From 0.17 on everything is 1002 and wrapped. */
function refuse(name: string, text: string): Answer {
  return error(
    1_002,
    `Failed to execute admin function ${name}: Execution error: ${text}, code: Unexpected, tonic code: Internal error`,
  );
}

/** The tables of information_schema; the first row of each is a sample that tells the columns. */
function tablesOf(double: WireDouble): Readonly<Record<string, readonly Row[]>> {
  const [table, region] = [double.tables[0]!, [...double.regions.values()][0]!];
  const regions = [region, ...double.regions.values()];
  return {
    region_peers: [peerRow(table, region), ...double.tables.flatMap((each) => peersOf(double, each))],
    tables: [tableRow(double, table), ...double.tables.map((each) => tableRow(double, each))],
    cluster_info: [nodeRow(0, 'DATANODE', '', '1s'), ...nodesOf(double)],
    region_statistics: regions.map(statisticsRow),
    region_info: regions.map(regionRow),
    procedure_info: [
      procedureRow({ id: '', region: 0n, status: 'Running' }),
      ...double.procedures.map(procedureRow),
    ],
  };
}

/** Logical tables have rows of their own, with ids of the logical table. */
function peersOf(double: WireDouble, table: DoubleTable): Row[] {
  const owner = table.logicalOf ?? table.id;
  const regions = [...double.regions.values()].filter((region) => region.table.id === owner);
  return regions.map((region) => peerRow(table, region));
}

function peerRow(table: DoubleTable, { id, leader }: DoubleRegion): Row {
  return {
    table_catalog: 'greptime',
    table_schema: table.schema ?? 'public',
    table_name: table.name,
    region_id: (table.id << 32n) | (id & 0xffff_ffffn),
    peer_id: leader,
    peer_addr: addressOf(leader),
    is_leader: 'Yes',
    status: 'ALIVE',
    down_seconds: null,
  };
}

function tableRow({ tables }: WireDouble, { id, name, schema, engine, logicalOf }: DoubleTable): Row {
  const owner = tables.find((table) => table.id === logicalOf)?.name;
  return {
    table_catalog: 'greptime',
    table_schema: schema ?? 'public',
    table_name: name,
    table_type: 'BASE TABLE',
    table_id: id,
    engine: engine ?? 'mito',
    create_options: owner === undefined ? '' : `on_physical_table=${owner}`,
  };
}

function nodesOf({ datanodes }: WireDouble): Row[] {
  return [
    ...[...datanodes].map((id) => nodeRow(id, 'DATANODE', addressOf(id), '1s 204ms')),
    nodeRow(-1, 'FRONTEND', '10.0.1.1:4001', '1s'),
    nodeRow(0, 'FLOWNODE', '10.0.2.1:4004', '1s'),
    nodeRow(-1, 'METASRV', '10.0.3.1:3002', null),
  ];
}

function nodeRow(id: number, type: string, addr: string, activeTime: string | null): Row {
  return {
    peer_id: id,
    peer_type: type,
    peer_addr: addr,
    peer_hostname: 'host',
    total_cpu_millicores: 8_000,
    total_memory_bytes: 1,
    cpu_usage_millicores: 1,
    memory_usage_bytes: 1,
    version: '1.3.0',
    git_commit: '7fd0a7bb',
    start_time: 1_754_900_000_000,
    uptime: '2h 3m',
    active_time: activeTime,
    node_status: null,
  };
}

function statisticsRow({ id, table }: DoubleRegion): Row {
  return {
    region_id: id,
    table_id: table.id,
    region_number: id & 0xffff_ffffn,
    region_rows: 10,
    written_bytes_since_open: 100,
    query_cpu_time_millis: 0,
    query_scanned_bytes: 0,
    disk_size: 2_048,
    memtable_size: 1_024,
    manifest_size: 0,
    sst_size: 1_024,
    sst_num: 1,
    index_size: 0,
    engine: 'mito',
    region_role: 'Leader',
  };
}

function procedureRow({ id, region, status }: { id: string; region: bigint; status: string }): Row {
  return {
    procedure_id: id,
    procedure_type: 'metasrv-procedure::RegionMigration',
    start_time: 1_709_640_000_123,
    end_time: status === 'Running' ? 0 : 1_709_640_001_123,
    status,
    lock_keys: `Share("__catalog_lock/greptime"),Share("__schema_lock/greptime.public"),Exclusive("__region_lock/${region}")`,
  };
}

function regionRow({ id, table, leader }: DoubleRegion): Row {
  return {
    region_id: id,
    table_id: table.id,
    region_number: id & 0xffff_ffffn,
    region_group: 0,
    region_sequence: id & 0xff_ffffn,
    state: 'Leader(Writable)',
    role: 'Leader',
    writable: true,
    committed_sequence: 5,
    flushed_sequence: 5,
    manifest_version: 1,
    compaction_time_window: null,
    region_options: '{}',
    sst_format: 'flat',
    node_id: leader,
  };
}
