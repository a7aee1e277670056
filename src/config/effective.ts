import { stringify } from 'yaml';
import { UsageError } from '../domain/errors.ts';
import type { Policy } from '../domain/policy.ts';
import { exactDuration } from '../lib/duration.ts';
import { formatListenAddress } from '../lib/listen-address.ts';
import type { Config } from './config.ts';

/**
 * Writes the effective configuration as YAML that loads to the same configuration. Of secrets it shows the file's path; their
 * content is no part of the configuration.
 */
export function printConfig(config: Config): string {
  return stringify(toFile(config), { lineWidth: 110 });
}

/** The configuration under the file's own names and in the file's own forms. */
function toFile(config: Config) {
  const { cluster, schedule, planning, state, server } = config;
  const { requestTimeoutMs, ...clusterRest } = cluster;
  return {
    cluster: { ...clusterRest, requestTimeout: exactDuration(requestTimeoutMs) },
    tables: config.tables,
    datanodes: config.datanodes,
    pins: config.pins,
    balance: config.balance,
    schedule: {
      ...schedule,
      windows: schedule.windows.map(({ cron, durationMs }) => ({
        cron,
        duration: exactDuration(durationMs),
      })),
    },
    planning: {
      timeBudget: exactDuration(planning.timeBudgetMs),
      planExpiry: exactDuration(planning.planExpiryMs),
    },
    execution: executionToFile(config.execution),
    state: { path: state.path, retention: exactDuration(state.retentionMs) },
    server: { ...server, listen: formatListenAddress(server.listen) },
    ha: haToFile(config.ha),
    notifications: notificationsToFile(config.notifications),
    log: config.log,
  };
}

function notificationsToFile({ timeoutMs, ...rest }: Config['notifications']) {
  return { ...rest, timeout: exactDuration(timeoutMs) };
}

function haToFile({ leaseDurationMs, renewDeadlineMs, retryPeriodMs, ...rest }: Config['ha']) {
  return {
    ...rest,
    leaseDuration: exactDuration(leaseDurationMs),
    renewDeadline: exactDuration(renewDeadlineMs),
    retryPeriod: exactDuration(retryPeriodMs),
  };
}

function executionToFile(execution: Config['execution']) {
  return {
    dryRun: execution.dryRun,
    maxMovesPerCycle: execution.maxMovesPerCycle,
    maxMovesPerHour: execution.maxMovesPerHour,
    replayTimeout: exactDuration(execution.replayTimeoutMs),
    moveTimeout: exactDuration(execution.moveTimeoutMs),
    pauseBetweenMoves: exactDuration(execution.pauseBetweenMovesMs),
    pollInterval: exactDuration(execution.pollIntervalMs),
    regionCooldown: exactDuration(execution.regionCooldownMs),
    maxConsecutiveFailures: execution.maxConsecutiveFailures,
    maxSnapshotAge: exactDuration(execution.maxSnapshotAgeMs),
    minAliveShare: execution.minAliveShare,
    quarantine: {
      base: exactDuration(execution.quarantine.baseMs),
      max: exactDuration(execution.quarantine.maxMs),
    },
    thrash: {
      undoneMoves: execution.thrash.undoneMoves,
      window: exactDuration(execution.thrash.windowMs),
    },
  };
}

/** What differs between two configurations, one line a key: `execution.dryRun: true -> false`. */
export function describeChanges(before: Config, after: Config): string[] {
  const [old, now] = [new Map(entriesOf(toFile(before), '')), new Map(entriesOf(toFile(after), ''))];
  const paths = [...new Set([...old.keys(), ...now.keys()])];
  return paths
    .filter((path) => old.get(path) !== now.get(path))
    .map((path) => `${path}: ${old.get(path) ?? 'none'} -> ${now.get(path) ?? 'none'}`);
}

/** The keys of all levels with their values as JSON; a list is one value. */
function entriesOf(values: object, prefix: string): [string, string][] {
  return Object.entries(values).flatMap(([name, value]: [string, unknown]): [string, string][] => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const isLevel = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isLevel ? entriesOf(value, path) : [[path, JSON.stringify(value)]];
  });
}

/** What the planner needs to know of the configuration. */
export function toPolicy({ balance, tables, datanodes, pins }: Config): Policy {
  return {
    objective: balance.objective,
    tables,
    weights: datanodes.weights,
    drain: datanodes.drain,
    cordon: datanodes.cordon,
    pins,
  };
}

/** For commands that talk to a cluster. @throws UsageError when the configuration names no endpoint. */
export function requireCluster({ cluster }: Config): void {
  if (cluster.sql.endpoints.length > 0 || cluster.metasrv.endpoints.length > 0) return;
  throw new UsageError(
    'cluster: found no endpoints, wanted cluster.sql.endpoints (the frontends, such as [http://host:4000]) ' +
      'or cluster.metasrv.endpoints (the metasrvs, such as [http://host:3002])',
    { code: 'config' },
  );
}
