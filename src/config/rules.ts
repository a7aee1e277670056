import type { Place } from '../domain/schema-problems.ts';
import { exactDuration } from '../lib/duration.ts';
import type { Problem } from './problems.ts';
import type { CheckedFile } from './schema.ts';
import type { ValueTree } from './value-tree.ts';

/** An impossible combination of keys that are each right by themselves. */
export interface Conflict {
  /** The keys involved; the problem is shown at the first that somebody gave. */
  readonly places: readonly Place[];
  readonly text: string;
}

/** Finds all impossible combinations. */
export function findConflicts(file: CheckedFile): Conflict[] {
  return [
    ...drainAndCordon(file),
    ...apiWithoutEndpoints(file),
    ...together(['cluster', 'sql'], 'username', 'passwordFile', file.cluster.sql),
    ...together(['cluster', 'sql', 'tls'], 'certFile', 'keyFile', file.cluster.sql.tls),
    ...together(['cluster', 'metasrv', 'tls'], 'certFile', 'keyFile', file.cluster.metasrv.tls),
    ...ordered(['execution'], 'replayTimeout', 'moveTimeout', file.execution),
    ...ordered(['execution', 'quarantine'], 'base', 'max', file.execution.quarantine),
    ...protectedWithoutToken(file),
    ...together(['ha', 'etcd'], 'username', 'passwordFile', file.ha.etcd),
    ...together(['ha', 'etcd', 'tls'], 'certFile', 'keyFile', file.ha.etcd.tls),
    ...ordered(['ha'], 'retryPeriod', 'renewDeadline', file.ha),
    ...together(['server', 'tls'], 'certFile', 'keyFile', file.server.tls),
    ...electionMargin(file),
    ...etcdWithoutEndpoints(file),
  ];
}

/** A conflict with the place of the key that has to change. */
export function toProblem({ places, text }: Conflict, tree: ValueTree): Problem {
  const place = places.find((candidate) => tree.valueAt(candidate) !== undefined) ?? [];
  return { label: tree.labelOf(place), place, text };
}

function drainAndCordon({ datanodes }: CheckedFile): Conflict[] {
  return datanodes.cordon.flatMap((id, index) => {
    if (!datanodes.drain.includes(id)) return [];
    const text = `found ${id}, which is in datanodes.drain too, wanted it in one of the two`;
    return [
      {
        places: [
          ['datanodes', 'cordon', index],
          ['datanodes', 'drain'],
        ],
        text,
      },
    ];
  });
}

function apiWithoutEndpoints({ cluster }: CheckedFile): Conflict[] {
  const { api } = cluster;
  if (api === 'auto' || cluster[api].endpoints.length > 0) return [];
  const places = [
    ['cluster', 'api'],
    ['cluster', api, 'endpoints'],
  ];
  return [{ places, text: `found "${api}" without cluster.${api}.endpoints, wanted at least one endpoint` }];
}

function together<K extends string>(
  parent: Place,
  first: K,
  second: K,
  values: Readonly<Partial<Record<K, string>>>,
): Conflict[] {
  if ((values[first] === undefined) === (values[second] === undefined)) return [];
  const missing = values[first] === undefined ? first : second;
  const places = [
    [...parent, first],
    [...parent, second],
  ];
  return [{ places, text: `found without ${[...parent, missing].join('.')}, wanted both or neither` }];
}

function ordered<K extends string>(
  parent: Place,
  smaller: K,
  larger: K,
  values: Readonly<Record<K, number>>,
): Conflict[] {
  if (values[smaller] <= values[larger]) return [];
  const places = [
    [...parent, smaller],
    [...parent, larger],
  ];
  const found = `${smaller} ${exactDuration(values[smaller])} and ${larger} ${exactDuration(values[larger])}`;
  return [{ places, text: `found ${found}, wanted ${smaller} no longer than ${larger}` }];
}

function protectedWithoutToken({ server }: CheckedFile): Conflict[] {
  if (!server.protectReads || server.tokenFile !== undefined) return [];
  const text = 'found true without server.tokenFile, wanted a token that reads can show';
  return [{ places: [['server', 'protectReads']], text }];
}

/** Without a margin two replicas could both hold themselves for the leader for a moment. */
function electionMargin({ ha }: CheckedFile): Conflict[] {
  if (ha.renewDeadline <= 0.8 * ha.leaseDuration) return [];
  const places = [
    ['ha', 'renewDeadline'],
    ['ha', 'leaseDuration'],
  ];
  const found = `renewDeadline ${exactDuration(ha.renewDeadline)} and leaseDuration ${exactDuration(ha.leaseDuration)}`;
  return [{ places, text: `found ${found}, wanted renewDeadline at most 80 % of leaseDuration` }];
}

function etcdWithoutEndpoints({ ha }: CheckedFile): Conflict[] {
  if (ha.provider !== 'etcd' || ha.etcd.endpoints.length > 0) return [];
  const text = 'found "etcd" without ha.etcd.endpoints, wanted at least one endpoint';
  return [{ places: [['ha', 'provider']], text }];
}
