import { addressOf, toJson } from './wire-double.ts';
import type { Answer, DoubleRegion, DoubleTable, SeenRequest, WireDouble } from './wire-double.ts';

type Row = readonly unknown[];
interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** `POST /v1/sql` of a frontend, for the few statements that a rebalancer has any business to send. */
export function answerSql(double: WireDouble, { path, sql }: SeenRequest): Answer {
  if (path !== '/v1/sql') return { status: 404, body: '' };
  if (double.version === '0.6')
    return error(4_001, 'Table not found: greptime.information_schema.region_peers');
  const call = /^(ADMIN|SELECT) (\w+)\((.*)\);?$/s.exec(sql);
  if (call) return callFunction(double, sql, call[1]!, call[2]!, call[3]!);
  const select =
    /^SELECT (.+) FROM information_schema\.(\w+)(?: WHERE region_id = (\d+))?(?: LIMIT (\d+))?;?$/s.exec(sql);
  if (!select) return error(2_000, `Invalid SQL syntax: ${sql}`);
  const [, columns = '', table = '', region, limit] = select;
  const source = readTable(double, table);
  if (!source) return error(4_001, `Table not found: greptime.information_schema.${table}`);
  return project(source, columns, region, limit);
}

function project(
  { columns, rows }: Rows,
  wanted: string,
  region: string | undefined,
  limit: string | undefined,
): Answer {
  const names = wanted === '*' ? columns : wanted.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !columns.includes(name));
  if (unknown !== undefined) return error(3_000, `Failed to plan SQL: No field named ${unknown}`);
  const at = names.map((name) => columns.indexOf(name));
  const regionAt = columns.indexOf('region_id');
  const fitting = rows.filter((row) => region === undefined || row[regionAt] === BigInt(region));
  const cut = limit === undefined ? fitting : fitting.slice(0, Number(limit));
  return result(
    names,
    cut.map((row) => at.map((index) => row[index])),
  );
}

function result(columns: readonly string[], rows: readonly Row[]): Answer {
  const schema = { column_schemas: columns.map((name) => ({ name, data_type: 'String' })) };
  const body = { output: [{ records: { schema, rows, total_rows: rows.length } }], execution_time_ms: 1 };
  return {
    status: 200,
    body: toJson(body),
    headers: { 'content-type': 'application/json', 'x-greptime-format': 'greptimedb_v1' },
  };
}

function error(code: number, text: string): Answer {
  const status = code === 1_002 || code === 1_003 ? 500 : 400;
  return {
    status,
    body: JSON.stringify({ code, error: text, execution_time_ms: 0 }),
    headers: { 'content-type': 'application/json', 'x-greptime-err-code': String(code) },
  };
}

function callFunction(double: WireDouble, sql: string, form: string, name: string, args: string): Answer {
  const isNew = double.version === '1.3';
  if (name === 'version')
    return result(['version()'], [[isNew ? '8.4.2-greptimedb-1.3.0' : '5.7.20-greptimedb-0.9.2']]);
  if (form !== (isNew ? 'ADMIN' : 'SELECT'))
    return isNew
      ? error(3_000, `Failed to plan SQL: Invalid function '${name}'`)
      : error(2_000, 'Invalid SQL, error: sql parser error: Expected: an SQL statement, found: ADMIN');
  if (name === 'procedure_state') return procedureState(double, sql, args.replaceAll("'", ''));
  if (name !== 'migrate_region') return error(3_000, `Failed to plan SQL: Invalid function '${name}'`);
  const [region = '', from = '', to = ''] = args.split(',').map((arg) => arg.trim());
  return migrate(double, sql, double.regions.get(BigInt(region)), {
    region,
    from: Number(from),
    to: Number(to),
  });
}

function procedureState(double: WireDouble, sql: string, id: string): Answer {
  const procedure = double.procedures.find((each) => each.id === id);
  if (!procedure) return refuse(double, 'procedure_state', `Procedure not found: ${id}`, 1_004);
  const state =
    procedure.status === 'Failed'
      ? { status: 'Failed', error: 'The region migration procedure aborted' }
      : { status: procedure.status };
  return result([sql], [[JSON.stringify(state)]]);
}

interface Request {
  readonly region: string;
  readonly from: number;
  readonly to: number;
}

function migrate(
  double: WireDouble,
  sql: string,
  region: DoubleRegion | undefined,
  { region: id, from, to }: Request,
): Answer {
  const refusal = (text: string, code = 1_002): Answer => refuse(double, 'migrate_region', text, code);
  for (const peer of [from, to])
    if (!double.datanodes.has(peer) || double.dead.has(peer))
      return double.version === '0.9'
        ? error(1_003, 'Internal error: 1003')
        : refusal(`The target peer is unavailable temporally: ${peer}`);
  if (
    double.procedures.some((procedure) => procedure.status === 'Running' && procedure.region === region?.id)
  )
    return refusal(`Another migration procedure is running for region: ${id}`);
  if (!region) return refusal(`Failed to find table route for ${id}`);
  if (region.leader === to)
    return double.version === '0.9'
      ? result([sql], [[null]])
      : refusal(`The region migration procedure is completed for region: ${id}, target_peer: ${to}`);
  if (region.leader !== from)
    return double.version === '0.9'
      ? error(1_004, 'Invalid region migration `from_peer` argument')
      : refusal(
          `Region's leader peer changed: Region's leader peer(${region.leader ?? 0}) is not the \`from_peer\`(${from}), region: ${id}`,
        );
  if (region.followers.includes(to))
    return refusal(`The \`to_peer\`(${to}) is already has a region follower, region: ${id}`);
  return result([sql], [[double.submit(region, to).id]]);
}

/** From 0.17 on everything is 1002 and wrapped. */
function refuse(double: WireDouble, name: string, text: string, code: number): Answer {
  if (double.version === '0.9') return error(code, text);
  return error(
    1_002,
    `Failed to execute admin function ${name}: Execution error: ${text}, code: Unexpected, tonic code: Internal error`,
  );
}

function readTable(double: WireDouble, name: string): Rows | undefined {
  const isNew = double.version === '1.3';
  switch (name) {
    case 'region_peers':
      return regionPeers(double, isNew);
    case 'tables':
      return tables(double);
    case 'cluster_info':
      return clusterInfo(double, isNew);
    case 'region_statistics':
      return isNew ? statistics(double) : undefined;
    case 'procedure_info':
      return isNew ? procedureInfo(double) : undefined;
    case 'region_info':
      return isNew ? regionInfo(double) : undefined;
    default:
      return undefined;
  }
}

/** Logical tables have rows of their own from 0.9 on, with ids of the logical table. */
function regionPeers(double: WireDouble, isNew: boolean): Rows {
  const rows: Row[] = [];
  for (const table of double.tables) {
    const owner = table.logicalOf ?? table.id;
    for (const region of double.regions.values()) {
      if (region.table.id !== owner) continue;
      const id = (table.id << 32n) | (region.id & 0xffff_ffffn);
      const name = isNew ? ['greptime', table.schema ?? 'public', table.name] : [];
      const status =
        region.state === null
          ? 'ALIVE'
          : region.state === 'Staging'
            ? 'STAGING'
            : isNew
              ? 'DOWNGRADING'
              : 'DOWNGRADED';
      rows.push([
        ...name,
        id,
        region.leader,
        region.leader === null ? null : addressOf(region.leader),
        'Yes',
        status,
        null,
      ]);
      if (isNew)
        for (const follower of region.followers)
          rows.push([...name, id, follower, addressOf(follower), 'No', null, null]);
    }
  }
  const names = isNew ? ['table_catalog', 'table_schema', 'table_name'] : [];
  return {
    columns: [...names, 'region_id', 'peer_id', 'peer_addr', 'is_leader', 'status', 'down_seconds'],
    rows,
  };
}

function tables({ tables: all }: WireDouble): Rows {
  const row = (table: DoubleTable): Row => [
    'greptime',
    table.schema ?? 'public',
    table.name,
    'BASE TABLE',
    table.id,
    table.engine ?? 'mito',
    table.logicalOf === undefined
      ? ''
      : `on_physical_table=${all.find(({ id }) => id === table.logicalOf)?.name ?? ''}`,
  ];
  const virtual: Row = ['greptime', 'information_schema', 'tables', 'LOCAL TEMPORARY', 3n, '', ''];
  return {
    columns: [
      'table_catalog',
      'table_schema',
      'table_name',
      'table_type',
      'table_id',
      'engine',
      'create_options',
    ],
    rows: [virtual, ...all.map(row)],
  };
}

function clusterInfo(double: WireDouble, isNew: boolean): Rows {
  const version = isNew ? '1.3.0' : '0.9.2';
  const node = (id: number, type: string, addr: string, active: string | null): Row =>
    isNew
      ? [
          id,
          type,
          addr,
          'host',
          8_000,
          1,
          1,
          1,
          version,
          '7fd0a7bb',
          1_754_900_000_000,
          '2h 3m',
          active,
          null,
        ]
      : [id, type, addr, version, '7fd0a7bb', 1_754_900_000_000, '2h 3m', active];
  const since10 = isNew
    ? [
        'peer_hostname',
        'total_cpu_millicores',
        'total_memory_bytes',
        'cpu_usage_millicores',
        'memory_usage_bytes',
      ]
    : [];
  const columns = [
    'peer_id',
    'peer_type',
    'peer_addr',
    ...since10,
    'version',
    'git_commit',
    'start_time',
    'uptime',
    'active_time',
    ...(isNew ? ['node_status'] : []),
  ];
  const datanodes = [...double.datanodes].map((id) =>
    node(id, 'DATANODE', addressOf(id), double.dead.has(id) ? '1m 3s' : '1s 204ms'),
  );
  const rows = [
    ...datanodes,
    node(-1, 'FRONTEND', '10.0.1.1:4001', '1s'),
    node(0, 'FLOWNODE', '10.0.2.1:4004', '1s'),
    node(-1, 'METASRV', '10.0.3.1:3002', null),
  ];
  return { columns, rows };
}

function statistics(double: WireDouble): Rows {
  const rows = [...double.regions.values()].map((region): Row => {
    const role =
      region.state === 'Staging'
        ? 'Leader(Staging)'
        : region.state === null
          ? 'Leader'
          : 'Leader(Downgrading)';
    return [
      region.id,
      region.table.id,
      region.id & 0xffff_ffffn,
      10,
      100,
      0,
      0,
      2_048,
      1_024,
      0,
      1_024,
      1,
      0,
      'mito',
      role,
    ];
  });
  return {
    columns: [
      'region_id',
      'table_id',
      'region_number',
      'region_rows',
      'written_bytes_since_open',
      'query_cpu_time_millis',
      'query_scanned_bytes',
      'disk_size',
      'memtable_size',
      'manifest_size',
      'sst_size',
      'sst_num',
      'index_size',
      'engine',
      'region_role',
    ],
    rows,
  };
}

function procedureInfo({ procedures }: WireDouble): Rows {
  return {
    columns: ['procedure_id', 'procedure_type', 'start_time', 'end_time', 'status', 'lock_keys'],
    rows: procedures.map(({ id, region, status }) => [
      id,
      'metasrv-procedure::RegionMigration',
      1_709_640_000_123,
      status === 'Running' ? 0 : 1_709_640_001_123,
      status,
      `Share("__catalog_lock/greptime"),Share("__schema_lock/greptime.public"),Exclusive("__region_lock/${region}")`,
    ]),
  };
}

function regionInfo(double: WireDouble): Rows {
  const rows: Row[] = [];
  for (const { id, table, leader, followers, state } of double.regions.values()) {
    const row = (node: number, role: string, isWritable: boolean): Row => [
      id,
      table.id,
      id & 0xffff_ffffn,
      0,
      id & 0xff_ffffn,
      isWritable ? 'Leader(Writable)' : role,
      role,
      isWritable,
      5,
      5,
      1,
      null,
      '{}',
      'flat',
      node,
    ];
    if (leader !== null && !double.dead.has(leader)) rows.push(row(leader, 'Leader', state === null));
    for (const follower of followers) rows.push(row(follower, 'Follower', false));
  }
  return {
    columns: [
      'region_id',
      'table_id',
      'region_number',
      'region_group',
      'region_sequence',
      'state',
      'role',
      'writable',
      'committed_sequence',
      'flushed_sequence',
      'manifest_version',
      'compaction_time_window',
      'region_options',
      'sst_format',
      'node_id',
    ],
    rows,
  };
}
