import type { ClusterProfile, MigrationRequest } from './port.ts';

/** How a cluster takes calls of functions: `SELECT f(…)` from 0.7.0, `ADMIN f(…)` from 0.9.3 on, not both. */
export type FunctionForm = 'ADMIN' | 'SELECT';

/** Named in {@link ClusterProfile.features} by clusters that take the older form. */
export const SELECT_FORM_FEATURE = 'select-functions';

/**
 * The statement that migrates a region, to be pasted into any SQL client.
 *
 * @throws TypeError when an id is not decimal: nothing else may reach a statement.
 */
export function migrationSql(profile: Pick<ClusterProfile, 'features'>, request: MigrationRequest): string {
  const form = profile.features.includes(SELECT_FORM_FEATURE) ? 'SELECT' : 'ADMIN';
  return `${migrateStatement(form, request)};`;
}

/** The same without a semicolon, for one request. */
export function migrateStatement(form: FunctionForm, request: MigrationRequest): string {
  const { regionId, from, to, replayTimeoutMs } = request;
  const ids = [regionId, from, to].map(requireDecimal).join(', ');
  return `${form} migrate_region(${ids}, ${wholeSeconds(replayTimeoutMs)})`;
}

/** The command that migrates a region over metasrv's admin interface (0.5.1 to 0.7). `endpoint` is the leader's `http://host:port`. */
export function migrationCurl(endpoint: string, request: MigrationRequest, clusterId: number): string {
  return `curl -X POST '${endpoint.replace(/\/+$/, '').replaceAll("'", "'\\''")}${migrationPath(request, clusterId)}'`;
}

/** Path and query of the same. */
export function migrationPath(request: MigrationRequest, clusterId: number): string {
  const { regionId, from, to, replayTimeoutMs } = request;
  return (
    `/admin/region-migration?cluster_id=${requireDecimal(String(clusterId))}&region_id=${requireDecimal(regionId)}` +
    `&from_peer_id=${requireDecimal(from)}&to_peer_id=${requireDecimal(to)}&replay_timeout=${humantime(replayTimeoutMs)}`
  );
}

/** SQL takes whole seconds; a timeout of zero would make every migration roll back. */
function wholeSeconds(durationMs: number): number {
  return Math.max(1, Math.ceil(durationMs / 1_000));
}

/** The form of Rust's humantime that every legacy version reads: one number with a unit; a bare number is an error there. */
function humantime(durationMs: number): string {
  const wholeMs = Math.max(1, Math.ceil(durationMs));
  return wholeMs % 1_000 === 0 ? `${wholeMs / 1_000}s` : `${wholeMs}ms`;
}

function requireDecimal(text: string): string {
  if (!/^\d{1,20}$/.test(text)) throw new TypeError(`Not an unsigned integer: ${JSON.stringify(text)}`);
  return text;
}
