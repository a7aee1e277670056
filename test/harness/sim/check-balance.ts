import type { World } from './world.ts';

/**
 * Why the cluster is not balanced, by its true routes and the definition alone: every table and all tables together are spread over the
 * targets within rounding, and nothing is left on datanodes that drain or are dead. Undefined when it is.
 */
export function whyUnbalanced(world: World): string | undefined {
  const { cluster, config, disk } = world;
  const drain = new Set([
    ...config.datanodes.drain,
    ...disk.raw.requested('drain').map(({ datanode }) => datanode),
  ]);
  const cordon = new Set(
    [...config.datanodes.cordon, ...disk.raw.requested('cordon').map(({ datanode }) => datanode)].filter(
      (id) => !drain.has(id),
    ),
  );
  const nodes = [...cluster.truth.datanodes.values()];
  for (const { id, workload } of nodes) if (workload === 'query' && !drain.has(id)) cordon.add(id);
  const dead = new Set(
    nodes.flatMap(({ id, diedAtMs }) => (diedAtMs !== null && world.knowsLiveness ? [id] : [])),
  );
  const targets = nodes
    .map(({ id }) => id)
    .filter((id) => !drain.has(id) && !cordon.has(id) && !dead.has(id));
  if (targets.length === 0) return undefined;
  const totals = new Map(targets.map((id) => [id, 0]));
  let all = 0;
  for (const { catalog, schema, name, routes } of cluster.truth.sortedTables()) {
    // Metasrv's own table of events, which the selection leaves alone.
    if (schema === 'greptime_private') continue;
    const counted = routes.filter(({ leader }) => leader === null || !cordon.has(leader));
    const counts = new Map(targets.map((id) => [id, 0]));
    for (const { region, leader, state } of counted) {
      if (leader === null || state !== null) return `Region ${region.id} has no healthy leader`;
      if (dead.has(leader)) return `Region ${region.id} is led by datanode ${leader}, which is dead`;
      if (drain.has(leader)) return `Region ${region.id} is left on datanode ${leader}, which drains`;
      counts.set(leader, (counts.get(leader) ?? 0) + 1);
      totals.set(leader, (totals.get(leader) ?? 0) + 1);
    }
    all += counted.length;
    const uneven = unevenIn(counts, counted.length);
    if (uneven !== undefined) return `Table ${catalog}.${schema}.${name}: ${uneven}`;
  }
  return unevenIn(totals, all);
}

function unevenIn(counts: ReadonlyMap<string, number>, regions: number): string | undefined {
  const share = regions / counts.size;
  const off = [...counts].find(([, count]) => count < Math.floor(share) || count > Math.ceil(share));
  return off && `datanode ${off[0]} leads ${off[1]} of ${regions} regions over ${counts.size} targets`;
}
