import { later } from '../cluster/core.ts';
import type { ClusterCore } from '../cluster/core.ts';
import { beginUnlessTaken } from './migrations.ts';

/** Where failover is switched on, moves the regions of a datanode that stays dead to the living ones, a limited number at a time. */
export function superviseFailover(core: ClusterCore, deadId: string, afterMs = core.failoverAfterMs): void {
  if (afterMs === null) return;
  later(core, afterMs, () => {
    const node = core.state.datanodes.get(deadId);
    if (typeof node?.diedAtMs !== 'number') return;
    if (core.meta.leader !== null && !core.meta.leaderSwitch('maintenance')) failOver(core, deadId);
    if ([...node.copies.keys()].some((region) => core.state.routeOf(region.key)?.leader === deadId))
      superviseFailover(core, deadId, FAILOVER_ROUND_MS);
  });
}

const FAILOVER_ROUND_MS = 5_000;
const FAILOVERS_PER_ROUND = 32;

function failOver(core: ClusterCore, deadId: string): void {
  const node = core.state.datanodes.get(deadId);
  const living = core.state.livingDatanodeIds;
  let begun = 0;
  for (const region of [...(node?.copies.keys() ?? [])]) {
    const route = core.state.routeOf(region.key);
    if (route?.leader !== deadId) continue;
    const targets = living.filter((id) => !route.followers.includes(id));
    if (targets.length === 0) continue;
    if (beginUnlessTaken(core, route, core.prng.pick(targets), 'Failover') !== null) begun += 1;
    if (begun >= FAILOVERS_PER_ROUND) return;
  }
}
