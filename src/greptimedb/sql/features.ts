import { OperatingError } from '../../domain/errors.ts';
import type { FunctionForm } from '../../domain/migrate-call.ts';
import type { ClusterProfile } from '../port.ts';
import type { SqlClient } from './client.ts';
import { SqlError, SqlRows } from './result.ts';

/** What this cluster's SQL interface offers. Found by asking, never from a version string. */
export interface SqlFeatures {
  readonly regionPeers: 'region_peers' | 'greptime_region_peers';
  readonly form: FunctionForm;
  /** Column names by table of information_schema. A table that does not exist is not there; one that could not be read has no columns. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  readonly version: string;
}

type PartialFeatures = Pick<SqlFeatures, 'regionPeers' | 'columns'>;

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
  const found = new Map<string, SqlRows>();
  const probe = async (table: string, read = probeTable): Promise<boolean> => {
    const rows = await read(client, table, signal);
    if (rows) found.set(table, rows);
    return rows !== undefined;
  };
  const regionPeers = (await probe('region_peers')) ? 'region_peers' : 'greptime_region_peers';
  if (!found.has(regionPeers) && !(await probe(regionPeers)))
    throw new OperatingError(
      'api-mismatch',
      'The SQL interface answers, but has neither information_schema.region_peers nor greptime_region_peers: ' +
        'expected a GreptimeDB cluster of version 0.7 or later',
    );
  await Promise.all(OPTIONAL_TABLES.map((table) => probe(table, probeOptional)));
  await probe('tables');
  refuseStandalone(found.get('cluster_info'));
  const columns = new Map([...found].map(([table, rows]) => [table, rows.columns]));
  const partial = { regionPeers, columns } as const;
  const form = knownForm(partial) ?? (await probeForm(client, signal));
  const reported = await reportedVersion(client, found.get('cluster_info'), signal);
  const oldest = oldestVersion({ ...partial, form });
  // The reported version, unless what was probed rules it out.
  const version = reported !== '' && compareVersions(reported, oldest) >= 0 ? reported : oldest;
  return { ...partial, form, version };
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
  table: string,
  signal: AbortSignal,
): Promise<SqlRows | undefined> {
  try {
    return await probeTable(client, table, signal);
  } catch (error) {
    if (error instanceof SqlError && error.isAccessDenied) return undefined;
    if (!isFragile(table) || !(error instanceof OperatingError)) throw error;
    return table === 'region_info' ? undefined : new SqlRows([], [], table);
  }
}

function refuseStandalone(clusterInfo: SqlRows | undefined): void {
  if (!clusterInfo?.first || clusterInfo.optional('peer_type')(clusterInfo.first) !== 'STANDALONE') return;
  throw new OperatingError(
    'api-mismatch',
    'This GreptimeDB runs standalone (information_schema.cluster_info): expected a cluster, which alone has regions to move',
  );
}

/** Which form calls take, where the tables tell. Only 0.8.0 to 0.9.3 look alike. */
function knownForm({ regionPeers, columns }: PartialFeatures): FunctionForm | undefined {
  if (regionPeers === 'greptime_region_peers') return 'SELECT';
  const isLater = ['procedure_info', 'region_statistics', 'region_info'].some(
    (table) => columns.get(table)?.length,
  );
  if (isLater || columns.get('region_peers')?.includes('table_name')) return 'ADMIN';
  return columns.get('tables')?.includes('create_options') === false ? 'SELECT' : undefined;
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
  const fromPeer = clusterInfo?.first ? versionIn(clusterInfo.find('version')(clusterInfo.first)) : '';
  if (fromPeer !== '') return fromPeer;
  try {
    const rows = await client.select({ operation: 'probe', statement: 'SELECT version()', signal });
    return versionIn(rows.first?.[0]);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
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
function oldestVersion({ columns, form }: Omit<SqlFeatures, 'version'>): string {
  const has = (table: string, column?: string): boolean => {
    const found = columns.get(table) ?? [];
    return column === undefined ? found.length > 0 : found.includes(column);
  };
  const ladder: readonly (readonly [boolean, string])[] = [
    [has('region_statistics', 'query_cpu_time_millis'), '1.2.0'],
    [has('region_info'), '1.1.0'],
    [has('region_statistics', 'written_bytes_since_open') || has('cluster_info', 'node_status'), '1.0.0'],
    [has('region_statistics', 'sst_num'), '0.16.0'],
    [has('region_peers', 'table_name'), '0.14.0'],
    [has('region_statistics', 'disk_size'), '0.10.0'],
    [has('region_statistics') || has('procedure_info'), '0.9.4'],
    [has('region_peers') && form === 'ADMIN', '0.9.3'],
    [has('region_peers') && has('tables', 'create_options'), '0.9.0'],
    [has('region_peers'), '0.8.0'],
  ];
  return ladder.find(([fits]) => fits)?.[1] ?? '0.7.0';
}

/** By the numbers alone: `1.3.0-rc.1` is 1.3.0. */
function compareVersions(a: string, b: string): number {
  const [left = '', right = ''] = [a, b].map((text) => text.split('-')[0]);
  return left.localeCompare(right, 'en', { numeric: true });
}

export function toProfile(features: SqlFeatures): ClusterProfile {
  return {
    api: 'sql',
    version: features.version,
    features: [
      features.regionPeers,
      ...OPTIONAL_TABLES.filter((table) => features.columns.has(table)),
      features.form === 'ADMIN' ? 'admin-functions' : 'select-functions',
    ],
    refusesDuplicates: compareVersions(oldestVersion(features), '0.9.0') >= 0,
  };
}
