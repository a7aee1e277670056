import type { SimulatedCluster } from '../cluster/cluster.ts';

const SHOWN_EVENTS = 50;

/** The truth about a cluster, for `GET /control/state`. */
export function stateSummary(cluster: SimulatedCluster): Record<string, unknown> {
  const regions = cluster.regionsPerDatanode();
  return {
    version: cluster.profile.version,
    nowMs: cluster.nowMs,
    metasrvLeader: cluster.metasrvLeader,
    datanodes: [...cluster.truth.datanodes.values()].map(({ id, addr, diedAtMs }) => {
      return { id, addr, status: diedAtMs === null ? 'alive' : 'dead', regions: regions.get(id) ?? 0 };
    }),
    tables: cluster.truth.sortedTables().map(({ id, catalog, schema, name, engine, kind, routes }) => {
      return { id: String(id), name: `${catalog}.${schema}.${name}`, engine, kind, regions: routes.length };
    }),
    migrations: cluster.migrationsUnderWay,
    faults: cluster.faults.active,
    events: cluster.journal.slice(-SHOWN_EVENTS),
  };
}
