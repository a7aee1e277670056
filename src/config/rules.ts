import type { Place } from '../domain/schema-problems.ts';
import { exactDuration } from '../lib/duration.ts';
import type { Config } from './config.ts';
import { showPercent } from './fields.ts';
import { showValue } from './problems.ts';

/** An impossible combination of keys that are each right by themselves. */
interface Conflict {
  /** The keys involved; the problem is shown at the first that somebody gave. */
  readonly places: readonly Place[];
  readonly text: string;
}

/** Finds all impossible combinations. */
export function findConflicts(config: Config): Conflict[] {
  const { cluster, execution, ha, server } = config;
  return [
    ...drainAndCordon(config),
    ...apiWithoutEndpoints(config),
    ...together('cluster.sql', 'username', 'passwordFile', cluster.sql),
    ...together('cluster.sql.tls', 'certFile', 'keyFile', cluster.sql.tls),
    ...together('cluster.metasrv.tls', 'certFile', 'keyFile', cluster.metasrv.tls),
    ...ordered('execution', 'replayTimeout', 'moveTimeout', execution),
    ...ordered('execution.quarantine', 'base', 'max', execution.quarantine),
    ...protectedWithoutToken(config),
    ...together('ha.etcd', 'username', 'passwordFile', ha.etcd),
    ...together('ha.etcd.tls', 'certFile', 'keyFile', ha.etcd.tls),
    ...ordered('ha', 'retryPeriod', 'renewDeadline', ha),
    ...together('server.tls', 'certFile', 'keyFile', server.tls),
    ...toleranceBelowTrigger(config),
    ...electionMargin(config),
    ...etcdWithoutEndpoints(config),
  ];
}

function conflict(paths: readonly string[], text: string): Conflict {
  return { places: paths.map((path) => path.split('.')), text };
}

function drainAndCordon({ datanodes }: Config): Conflict[] {
  const drain = new Set(datanodes.drain);
  return datanodes.cordon.flatMap((id, index) => {
    if (!drain.has(id)) return [];
    const text = `found ${id}, which is in datanodes.drain too, wanted it in one of the two`;
    const places = [
      ['datanodes', 'cordon', index],
      ['datanodes', 'drain'],
    ];
    return [{ places, text }];
  });
}

/** Else one is planned for again as soon as it is even. */
function toleranceBelowTrigger({ balance: { load } }: Config): Conflict[] {
  if (load.tolerance < load.trigger) return [];
  const found = `tolerance ${showPercent(load.tolerance)} and trigger ${showPercent(load.trigger)}`;
  const text = `found ${found}, wanted tolerance below trigger`;
  return [conflict(['balance.load.tolerance', 'balance.load.trigger'], text)];
}

function apiWithoutEndpoints({ cluster }: Config): Conflict[] {
  const { api } = cluster;
  if (api === 'auto' || cluster[api].endpoints.length > 0) return [];
  const endpoints = `cluster.${api}.endpoints`;
  return [
    conflict(['cluster.api', endpoints], `found "${api}" without ${endpoints}, wanted at least one endpoint`),
  ];
}

function together<K extends string>(
  parent: string,
  first: K,
  second: K,
  values: Readonly<Partial<Record<K, string>>>,
): Conflict[] {
  if ((values[first] === undefined) === (values[second] === undefined)) return [];
  const [given, missing] = values[first] === undefined ? [second, first] : [first, second];
  const text = `found ${showValue(values[given])} without ${parent}.${missing}, wanted both or neither`;
  return [conflict([`${parent}.${first}`, `${parent}.${second}`], text)];
}

/** Of two durations. */
function ordered<K extends string>(
  parent: string,
  smaller: K,
  larger: K,
  values: Readonly<Record<`${K}Ms`, number>>,
): Conflict[] {
  const [smallerMs, largerMs] = [values[`${smaller}Ms`], values[`${larger}Ms`]];
  if (smallerMs <= largerMs) return [];
  const found = `${smaller} ${exactDuration(smallerMs)} and ${larger} ${exactDuration(largerMs)}`;
  const text = `found ${found}, wanted ${smaller} no longer than ${larger}`;
  return [conflict([`${parent}.${smaller}`, `${parent}.${larger}`], text)];
}

function protectedWithoutToken({ server }: Config): Conflict[] {
  if (!server.protectReads || server.tokenFile !== undefined) return [];
  const text = 'found true without server.tokenFile, wanted a token that reads can show';
  return [conflict(['server.protectReads'], text)];
}

/** Without a margin two replicas could both hold themselves for the leader for a moment. */
function electionMargin({ ha }: Config): Conflict[] {
  if (ha.renewDeadlineMs <= 0.8 * ha.leaseDurationMs) return [];
  const found = `renewDeadline ${exactDuration(ha.renewDeadlineMs)} and leaseDuration ${exactDuration(ha.leaseDurationMs)}`;
  const text = `found ${found}, wanted renewDeadline at most 80 % of leaseDuration`;
  return [conflict(['ha.renewDeadline', 'ha.leaseDuration'], text)];
}

function etcdWithoutEndpoints({ ha }: Config): Conflict[] {
  if (ha.provider !== 'etcd' || ha.etcd.endpoints.length > 0) return [];
  const text = 'found "etcd" without ha.etcd.endpoints, wanted at least one endpoint';
  return [conflict(['ha.provider'], text)];
}
