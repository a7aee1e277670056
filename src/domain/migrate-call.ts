import type { Move } from './plan.ts';

/** How a cluster takes calls of functions: `SELECT f(…)` from 0.7.0, `ADMIN f(…)` from 0.9.3 on, not both. */
export type FunctionForm = 'ADMIN' | 'SELECT';

export interface MigrationRequest extends Pick<Move, 'regionId' | 'from' | 'to'> {
  /** Replay timeout (old versions) or budget for downgrade and upgrade (0.9.4 and later), in ms; whole seconds on SQL. */
  readonly replayTimeoutMs: number;
}

/**
 * The SQL statement that migrates a region (GreptimeDB src/common/function/src/table/migrate_region.rs at v0.7.0 to v0.9.2;
 * register_async since v0.9.3), without a semicolon.
 *
 * @throws TypeError when an id is not decimal: nothing else may reach a statement.
 */
export function migrateStatement(form: FunctionForm, request: MigrationRequest): string {
  const { regionId, from, to, replayTimeoutMs } = request;
  const ids = [regionId, from, to].map(requireDecimal).join(', ');
  return `${form} migrate_region(${ids}, ${wholeSeconds(replayTimeoutMs)})`;
}

/**
 * Path and query of the same over metasrv's admin interface (src/meta-srv/src/service/admin/region_migration.rs at v0.5.1 to v0.7.2).
 *
 * @throws TypeError when an id is not decimal.
 */
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
