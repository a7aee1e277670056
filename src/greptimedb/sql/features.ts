import { OperatingError } from '../../domain/errors.ts';
import type { FunctionForm } from '../../domain/migrate-call.ts';
import type { ClusterProfile } from '../port.ts';
import { isClusterError } from './client.ts';
import type { SqlClient } from './client.ts';
import { SqlError, SqlRows } from './result.ts';

/** What this cluster's SQL interface offers. Found by asking, never from a version string. */
export interface SqlFeatures {
  readonly regionPeers: 'region_peers' | 'greptime_region_peers';
  readonly form: FunctionForm;
  /** Column names by table of information_schema. A table that does not exist is not there; one that could not be read has no columns. */
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>;
  readonly version: string;
}

export function hasTable(features: SqlFeatures, table: string): boolean {
  return features.columns.has(table);
}

export function hasColumn(features: Pick<SqlFeatures, 'columns'>, table: string, column: string): boolean {
  return features.columns.get(table)?.has(column) ?? false;
}

/** Tables that not every version has. */
const OPTIONAL_TABLES = ['cluster_info', 'region_statistics', 'procedure_info', 'region_info'] as const;

/**
 * Whether a table of a good frontend may fail. `region_info` asks every datanode, so that one bad datanode can fail it: then it is done
 * without. `region_statistics` brings only load: it is asked for again with each snapshot.
 */
export function isFragile(table: string): boolean {
  return table === 'region_info' || table === 'region_statistics';
}

/**
 * Finds out what the cluster offers, with reads alone.
 *
 * @throws OperatingError `api-mismatch` when the server is no GreptimeDB cluster of 0.7 or later.
 */
export async function probeFeatures(client: SqlClient, signal: AbortSignal): Promise<SqlFeatures> {
  const regionPeers = await findRegionPeers(client, signal);
  const optional = await Promise.all(
    OPTIONAL_TABLES.map(async (table) => [table, await probeOptional(client, table, signal)] as const),
  );
  const tables = await probeTable(client, 'tables', signal);
  const found = new Map<string, SqlRows>([[regionPeers.name, regionPeers.rows]]);
  for (const [table, rows] of [...optional, ['tables', tables] as const]) if (rows) found.set(table, rows);
  refuseStandalone(found.get('cluster_info'));
  const columns = new Map([...found].map(([table, rows]) => [table, new Set(rows.columns)]));
  const partial = { regionPeers: regionPeers.name, columns };
  const form = knownForm(partial) ?? (await probeForm(client, signal));
  const reported = await reportedVersion(client, found.get('cluster_info'), signal);
  return { ...partial, form, version: chooseVersion(reported, oldestVersion({ ...partial, form })) };
}

interface RegionPeersProbe {
  readonly name: SqlFeatures['regionPeers'];
  readonly rows: SqlRows;
}

async function findRegionPeers(client: SqlClient, signal: AbortSignal): Promise<RegionPeersProbe> {
  for (const name of ['region_peers', 'greptime_region_peers'] as const) {
    const rows = await probeTable(client, name, signal);
    if (rows) return { name, rows };
  }
  throw new OperatingError(
    'api-mismatch',
    'The SQL interface answers, but has neither information_schema.region_peers nor greptime_region_peers: ' +
      'expected a GreptimeDB cluster of version 0.7 or later',
  );
}

/** @returns undefined when there is no such table. */
async function probeTable(
  client: SqlClient,
  table: string,
  signal: AbortSignal,
): Promise<SqlRows | undefined> {
  const statement = `SELECT * FROM information_schema.${table} LIMIT 1`;
  try {
    return await client.select({ operation: 'probe', statement, optional: isFragile(table), signal });
  } catch (error) {
    if (error instanceof SqlError && error.isUnknownName) return undefined;
    throw error;
  }
}

async function probeOptional(
  client: SqlClient,
  table: (typeof OPTIONAL_TABLES)[number],
  signal: AbortSignal,
): Promise<SqlRows | undefined> {
  try {
    return await probeTable(client, table, signal);
  } catch (error) {
    if (error instanceof SqlError && error.isAccessDenied) return undefined;
    if (!isFragile(table) || !isClusterError(error)) throw error;
    return table === 'region_info' ? undefined : new SqlRows([], [], table);
  }
}

function refuseStandalone(clusterInfo: SqlRows | undefined): void {
  const type = clusterInfo?.find('peer_type') ?? -1;
  if (type === -1 || clusterInfo?.first?.[type] !== 'STANDALONE') return;
  throw new OperatingError(
    'api-mismatch',
    'This GreptimeDB runs standalone (information_schema.cluster_info): expected a cluster, which alone has regions to move',
  );
}

type PartialFeatures = Pick<SqlFeatures, 'regionPeers' | 'columns'>;

/** Which form calls take, where the tables tell. Only 0.8.0 to 0.9.3 look alike. */
function knownForm(features: PartialFeatures): FunctionForm | undefined {
  if (features.regionPeers === 'greptime_region_peers') return 'SELECT';
  const { columns } = features;
  const isLater = ['procedure_info', 'region_statistics', 'region_info'].some(
    (table) => columns.get(table)?.size,
  );
  if (isLater || columns.get('region_peers')?.has('table_name')) return 'ADMIN';
  return columns.get('tables')?.has('create_options') === false ? 'SELECT' : undefined;
}

const NOBODY = '00000000-0000-4000-8000-000000000000';

/** Asks for the state of a procedure that does not exist: the form that is understood says so. */
async function probeForm(client: SqlClient, signal: AbortSignal): Promise<FunctionForm> {
  for (const form of ['ADMIN', 'SELECT'] as const) {
    try {
      const statement = `${form} procedure_state('${NOBODY}')`;
      await client.select({ operation: 'probe', statement, signal, isFinal: () => true });
      return form;
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      if (!error.isSyntaxError && !error.isUnknownName) return form;
    }
  }
  return 'ADMIN';
}

async function reportedVersion(
  client: SqlClient,
  clusterInfo: SqlRows | undefined,
  signal: AbortSignal,
): Promise<string> {
  const column = clusterInfo?.find('version') ?? -1;
  const fromPeer = versionIn(clusterInfo?.first?.[column]);
  if (fromPeer !== '') return fromPeer;
  try {
    const rows = await client.select({ operation: 'probe', statement: 'SELECT version()', signal });
    return versionIn(rows.first?.[0]);
  } catch (error) {
    if (!isClusterError(error)) throw error;
    return '';
  }
}

/** `1.3.0`, `v1.3.0`, or the last of `8.4.2-greptimedb-1.3.0`, where the first belongs to MySQL. */
function versionIn(value: unknown): string {
  if (typeof value !== 'string' || value.length > 200) return '';
  const versions = value.match(/\d+\.\d+\.\d+(?:-(?:alpha|beta|rc|nightly)[\w.-]*)?/gi);
  const last = versions?.at(-1) ?? '';
  return versions?.length === 1 && /mysql|^[58]\.\d+\.\d+$/i.test(value) ? '' : last;
}

/** The oldest version that has everything that was found (the tables of GreptimeDB's information_schema, by tag). */
function oldestVersion(features: Omit<SqlFeatures, 'version'>): string {
  const has = (table: string, column?: string): boolean =>
    column === undefined ? (features.columns.get(table)?.size ?? 0) > 0 : hasColumn(features, table, column);
  const ladder: readonly (readonly [boolean, string])[] = [
    [has('region_statistics', 'query_cpu_time_millis'), '1.2.0'],
    [has('region_info'), '1.1.0'],
    [has('region_statistics', 'written_bytes_since_open') || has('cluster_info', 'node_status'), '1.0.0'],
    [has('region_statistics', 'sst_num'), '0.16.0'],
    [has('region_peers', 'table_name'), '0.14.0'],
    [has('region_statistics', 'disk_size'), '0.10.0'],
    [has('region_statistics') || has('procedure_info'), '0.9.4'],
    [has('region_peers') && features.form === 'ADMIN', '0.9.3'],
    [has('region_peers') && has('tables', 'create_options'), '0.9.0'],
    [has('region_peers'), '0.8.0'],
  ];
  return ladder.find(([fits]) => fits)?.[1] ?? '0.7.0';
}

/** The reported version, unless what was probed rules it out. */
function chooseVersion(reported: string, oldest: string): string {
  return reported !== '' && compareVersions(reported, oldest) >= 0 ? reported : oldest;
}

function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('-')[0]!.split('.').map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (left![index] ?? 0) - (right![index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function toProfile(features: SqlFeatures): ClusterProfile {
  const isBefore = (version: string): boolean => compareVersions(oldestVersion(features), version) < 0;
  return {
    api: 'sql',
    version: features.version,
    features: [
      features.regionPeers,
      ...OPTIONAL_TABLES.filter((table) => features.columns.has(table)),
      features.form === 'ADMIN' ? 'admin-functions' : 'select-functions',
    ],
    refusesDuplicates: !isBefore('0.9.0'),
    hasProcedureState: true,
  };
}
