import type { Config } from '../../config/config.ts';
import { toPolicy } from '../../config/effective.ts';
import { readSecrets } from '../../config/secrets.ts';
import { OperatingError } from '../../domain/errors.ts';
import { withRequests } from '../../domain/policy.ts';
import { compileSelection } from '../../domain/selector.ts';
import type { ClusterIdentity, Snapshot } from '../../domain/snapshot.ts';
import { unmatchedNames } from '../../domain/unmatched-names.ts';
import { SERVER_TIMES } from '../../executor/options.ts';
import { askEndpoints } from '../../greptimedb/index.ts';
import type { EndpointReading } from '../../greptimedb/index.ts';
import type { ClusterOptions } from '../../greptimedb/options.ts';
import type { Cluster } from '../../greptimedb/port.ts';
import type { Clock } from '../../lib/clock.ts';
import { readOnlyState } from '../../store/read-only-state.ts';
import type { ReadOnlyState } from '../../store/read-only-state.ts';
import type { Parts } from '../compose.ts';
import { toClusterOptions } from '../daemon/settings.ts';
import { attempt, checked, worstOf } from './check.ts';
import type { Attempt, Check, PreflightReport } from './check.ts';
import { datanodeChecks, featureChecks, rightsCheck, selectionChecks } from './cluster-checks.ts';
import { endpointChecks } from './endpoint-checks.ts';
import { gateChecks } from './gate-checks.ts';
import { migrationChecks } from './migration-checks.ts';
import { tryMigration } from './migration-trial.ts';
import type { MigrationTrial } from './migration-trial.ts';
import type { TrialCall } from '../../scratch/work.ts';
import { stateCheck } from './state-check.ts';

/**
 * Looks at everything that a daemon with this configuration needs, and changes nothing: neither the cluster nor the state folder, of which
 * no lock is taken.
 *
 * @throws UsageError when a secret cannot be read.
 */
export async function preflight(config: Config, parts: Parts, signal: AbortSignal): Promise<PreflightReport> {
  const options = toClusterOptions(config, await readSecrets(config));
  const readings = await askEndpoints(options, { clock: parts.clock }, { signal });
  const { clockSkewMs } = SERVER_TIMES;
  const onEndpoints = endpointChecks(readings, config.cluster.sql.username, clockSkewMs);
  const { identity, checks } = await lookInside(config, answering(options, readings), parts, signal);
  const all = [...onEndpoints, ...checks];
  return { formatVersion: 1, verdict: worstOf(all), ...(identity && { cluster: identity }), checks: all };
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

const NO_FRONTEND: Check = {
  check: 'cluster',
  verdict: 'fail',
  detail: 'No frontend answers: the cluster was not looked at.',
};

interface Inside {
  readonly identity?: ClusterIdentity;
  readonly checks: readonly Check[];
}

async function lookInside(
  config: Config,
  options: ClusterOptions,
  { clock, logger, openCluster }: Parts,
  signal: AbortSignal,
): Promise<Inside> {
  const opened = await attempt('cluster', () => {
    if ((options.sql?.endpoints.length ?? 0) + (options.metasrv?.endpoints.length ?? 0) === 0)
      throw new OperatingError('cluster-deaf', 'No server answers: the cluster was not looked at');
    const onWarning = (message: string, fields: Readonly<Record<string, unknown>>): void =>
      logger.warn(fields, message);
    return openCluster(options, { clock, onWarning }, { signal });
  });
  if (!opened.ok) {
    // What metasrv alone cannot do is no news then.
    const isWithoutFrontend = options.sql?.endpoints.length === 0;
    const why = isWithoutFrontend ? [NO_FRONTEND] : opened.checks;
    return { checks: [...why, ...(await stateChecks(config, clock.now()))] };
  }
  const cluster = opened.value;
  try {
    const { identity, checks } = await clusterChecks(cluster, config, clock, signal);
    return { ...(identity && { identity }), checks: [clusterCheck(cluster), ...checks] };
  } finally {
    await cluster.close();
  }
}

function clusterCheck({ profile: { api, version } }: Cluster): Check {
  const name = version === '' ? 'GreptimeDB of an unknown version' : `GreptimeDB ${version}`;
  const wire = api === 'sql' ? 'SQL' : 'the admin interface of metasrv';
  return {
    check: 'cluster',
    verdict: 'pass',
    detail: `${name}, spoken to over ${wire}; it can migrate regions.`,
  };
}

async function clusterChecks(
  cluster: Cluster,
  config: Config,
  clock: Clock,
  signal: AbortSignal,
): Promise<Inside> {
  const everything = compileSelection(config.tables, { everything: true });
  const safety = await attempt('feature', () => cluster.readSafety({ signal }));
  const rights = await checked('rights', async () => [await rightsCheck(cluster, config, signal)]);
  const reading = await attempt('datanodes', () => cluster.readSnapshot({ selector: everything, signal }));
  const procedures = await attempt('gates', () => cluster.listProcedures({ signal }));
  const snapshot = reading.ok ? reading.value : undefined;
  const state = stateOf(config, clock.now());
  const policy = toPolicy(config);
  const checks = [
    ...(safety.ok ? featureChecks(cluster.profile, safety.value, config) : safety.checks),
    ...rights,
    ...(reading.ok
      ? [
          ...datanodeChecks(reading.value, withRequests(policy, state?.requests ?? {})),
          ...selectionChecks(
            reading.value,
            compileSelection(config.tables),
            unmatchedNames(policy, reading.value, everything.unmatchedExcludes()),
          ),
        ]
      : reading.checks),
    ...(procedures.ok ? [] : procedures.checks),
  ];
  const gates =
    safety.ok && reading.ok && procedures.ok
      ? gateChecks(
          {
            safety: safety.value,
            datanodes: reading.value.datanodes,
            procedures: procedures.value,
            standing: state?.standing,
          },
          config,
          clock.now(),
        )
      : [];
  return {
    ...(snapshot && { identity: snapshot.cluster }),
    checks: [...checks, ...gates, ...(await stateChecks(config, clock.now(), snapshot))],
  };
}

function stateOf({ state, cluster, execution }: Config, nowMs: number): ReadOnlyState | undefined {
  try {
    return readOnlyState(state.path, cluster.name, nowMs, execution.thrash.windowMs);
  } catch {
    // The state is of another cluster: its own check says so.
    return undefined;
  }
}

function stateChecks(config: Config, nowMs: number, snapshot?: Snapshot): Promise<readonly Check[]> {
  return checked('state', () => [
    stateCheck(config, readOnlyState(config.state.path, config.cluster.name, nowMs), snapshot),
  ]);
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
  const trial: Attempt<MigrationTrial> =
    report.verdict === 'fail'
      ? { ok: false, checks: [NOT_TRIED] }
      : await attempt('migration', () => tryMigration(config, parts, call));
  const checks = [...report.checks, ...(trial.ok ? migrationChecks(trial.value) : trial.checks)];
  return { ...report, verdict: worstOf(checks), checks, ...(trial.ok && { migration: trial.value }) };
}

const NOT_TRIED: Check = {
  check: 'migration',
  verdict: 'fail',
  detail: 'No migration was tried, because a check failed.',
  advice: 'Mend what failed, and try again.',
};
