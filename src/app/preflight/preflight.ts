import type { Config } from '../../config/config.ts';
import { toPolicy } from '../../config/effective.ts';
import { readSecrets } from '../../config/secrets.ts';
import { OperatingError } from '../../domain/errors.ts';
import { withRequests } from '../../domain/policy.ts';
import { compileSelection } from '../../domain/selector.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import { unmatchedNames } from '../../domain/unmatched-names.ts';
import { SERVER_TIMES } from '../../executor/options.ts';
import { askEndpoints } from '../../greptimedb/endpoints.ts';
import type { EndpointReading } from '../../greptimedb/endpoints.ts';
import type { ClusterOptions } from '../../greptimedb/options.ts';
import type { Cluster, ClusterProfile } from '../../greptimedb/port.ts';
import type { TrialCall } from '../../scratch/table.ts';
import { readOnlyState } from '../../store/read-only-state.ts';
import type { ReadOnlyState } from '../../store/read-only-state.ts';
import type { Parts } from '../compose.ts';
import { toClusterOptions, warningsTo } from '../daemon/settings.ts';
import { attempt, check, worstOf } from './check.ts';
import type { Check, PreflightReport } from './check.ts';
import { datanodeChecks, featureChecks, rightsCheck, selectionChecks } from './cluster-checks.ts';
import { endpointChecks } from './endpoint-checks.ts';
import { gateChecks } from './gate-checks.ts';
import { migrationChecks } from './migration-checks.ts';
import { tryMigration } from './migration-trial.ts';
import { stateCheck } from './state-check.ts';

/**
 * Looks at everything that a daemon with this configuration needs, and changes nothing: neither the cluster nor the state folder, of which
 * no lock is taken.
 *
 * @throws UsageError when a secret cannot be read.
 */
export async function preflight(config: Config, parts: Parts, signal: AbortSignal): Promise<PreflightReport> {
  const { clock } = parts;
  const options = toClusterOptions(config, await readSecrets(config));
  const readings = await askEndpoints(options, { clock }, { signal });
  const checks = [...endpointChecks(readings, config.cluster.sql.username, SERVER_TIMES.clockSkewMs)];
  const cluster = await openAnswering(answering(options, readings), parts, checks, signal);
  let snapshot: Snapshot | undefined;
  try {
    if (cluster) snapshot = await checkCluster(cluster, config, checks, { nowMs: clock.now(), signal });
  } finally {
    await cluster?.close();
  }
  const state = await attempt(checks, 'state', () =>
    stateCheck(config, stateOf(config, clock.now()), snapshot),
  );
  if (state) checks.push(state);
  const verdict = worstOf(checks);
  return { formatVersion: 1, verdict, ...(snapshot && { cluster: snapshot.cluster }), checks };
}

/** The rest is asked of those that answered: none of it waits for one that does not. */
function answering(options: ClusterOptions, readings: readonly EndpointReading[]): ClusterOptions {
  const isUp = (list: EndpointReading['list'], index: number): boolean =>
    readings.filter((reading) => reading.list === list)[index]?.error === undefined;
  const { sql, metasrv } = options;
  return {
    ...options,
    sql: sql && { ...sql, endpoints: sql.endpoints.filter((_, index) => isUp('sql', index)) },
    metasrv: metasrv && {
      ...metasrv,
      endpoints: metasrv.endpoints.filter((_, index) => isUp('metasrv', index)),
    },
  };
}

async function openAnswering(
  options: ClusterOptions,
  { clock, logger, openCluster }: Parts,
  checks: Check[],
  signal: AbortSignal,
): Promise<Cluster | undefined> {
  const open = (): Promise<Cluster> => {
    if ((options.sql?.endpoints.length ?? 0) + (options.metasrv?.endpoints.length ?? 0) === 0)
      throw new OperatingError('cluster-deaf', 'No server answers: the cluster was not looked at');
    return openCluster(options, { clock, onWarning: warningsTo(logger) }, { signal });
  };
  // What metasrv alone cannot do is no news where no frontend answers.
  const isDeaf = options.sql?.endpoints.length === 0;
  return attempt(checks, 'cluster', open, isDeaf ? NO_FRONTEND : undefined);
}

const NO_FRONTEND = check('cluster', 'fail', 'No frontend answers: the cluster was not looked at.');

/** @returns what was read of the cluster, if that could be done. */
async function checkCluster(
  cluster: Cluster,
  config: Config,
  checks: Check[],
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<Snapshot | undefined> {
  const everything = compileSelection(config.tables, { everything: true });
  const policy = toPolicy(config);
  // That the state is of another cluster is told by its own check.
  const state = await attempt([], 'state', () => stateOf(config, nowMs));
  const unread: Check[] = [];
  const snapshot = await attempt(unread, 'datanodes', () =>
    cluster.readSnapshot({ selector: everything, signal }),
  );
  // Some versions show only in what they answer.
  checks.push(clusterCheck(cluster.profile));
  const safety = await attempt(checks, 'feature', () => cluster.readSafety({ signal }));
  if (safety) checks.push(...featureChecks(cluster.profile, safety, config));
  const rights = await attempt(checks, 'rights', () => rightsCheck(cluster, config, signal));
  if (rights) checks.push(rights);
  checks.push(...unread);
  if (snapshot) {
    const unmatched = unmatchedNames(policy, snapshot, everything.unmatchedExcludes());
    checks.push(
      ...datanodeChecks(snapshot, withRequests(policy, state?.requests ?? {}), restingTargets(state)),
    );
    checks.push(...selectionChecks(snapshot, compileSelection(config.tables), unmatched));
  }
  const procedures = await attempt(checks, 'gates', () => cluster.listProcedures({ signal }));
  if (safety && snapshot && procedures) {
    const { datanodes } = snapshot;
    // Again: a daemon may have begun a move meanwhile.
    const latest = await attempt([], 'state', () => stateOf(config, nowMs));
    checks.push(...gateChecks({ safety, datanodes, procedures }, latest, config, nowMs));
  }
  return snapshot;
}

function restingTargets(state: ReadOnlyState | undefined): ReadonlySet<string> {
  const rests = state?.memory.datanodes.filter(({ role }) => role === 'target') ?? [];
  return new Set(rests.map(({ datanode }) => datanode));
}

function clusterCheck({ api, version }: ClusterProfile): Check {
  const name = version === '' ? 'GreptimeDB of an unknown version' : `GreptimeDB ${version}`;
  const wire = api === 'sql' ? 'SQL' : 'the admin interface of metasrv';
  return check('cluster', 'pass', `${name}, spoken to over ${wire}; it can migrate regions.`);
}

/** @throws OperatingError `state-of-other-cluster` */
function stateOf({ state, cluster, execution }: Config, nowMs: number): ReadOnlyState | undefined {
  return readOnlyState(state.path, cluster.name, nowMs, execution.thrash.windowMs);
}

/**
 * The same, and then the trial, unless a check failed: nothing is made in a cluster that could not be used.
 *
 * @throws as {@link preflight}, and the signal's reason after what was made is dropped again.
 */
export async function preflightWithTrial(
  config: Config,
  parts: Parts,
  call: TrialCall,
): Promise<PreflightReport> {
  const report = await preflight(config, parts, call.signal);
  const checks = [...report.checks];
  if (report.verdict === 'fail') return { ...report, checks: [...checks, NOT_TRIED] };
  const migration = await attempt(checks, 'migration', () => tryMigration(config, parts, call));
  if (migration) checks.push(...migrationChecks(migration));
  return { ...report, verdict: worstOf(checks), checks, ...(migration && { migration }) };
}

const NOT_TRIED = check(
  'migration',
  'fail',
  'No migration was tried, because a check failed.',
  'Mend what failed, and try again.',
);
