import type { Move } from '../domain/plan.ts';
import type { Cluster } from '../greptimedb/port.ts';
import type { Clock } from '../lib/clock.ts';
import type { Store } from '../store/port.ts';
import type { CheckReading } from './check.ts';

export interface CheckSources {
  readonly cluster: Cluster;
  readonly store: Store;
  readonly clock: Clock;
}

/** Reads afresh all that the check of one move needs. `moveId` is the move's own record, which is no obstacle to itself. */
export async function readCheck(
  sources: CheckSources,
  move: Move,
  moveId: number,
  signal: AbortSignal,
): Promise<CheckReading> {
  const { cluster, store, clock } = sources;
  const [region, datanodes, procedures] = await Promise.all([
    cluster.readRegion(move.regionId, { signal }),
    cluster.readDatanodes({ signal }),
    cluster.listProcedures({ signal }),
  ]);
  const nowMs = clock.now();
  const cooldownUntilMs = store.cooldownUntil(move.regionId, nowMs);
  const quarantineUntilMs = store.quarantineOf(move.regionId)?.untilMs ?? 0;
  const unresolved = store.unresolvedMoves();
  return {
    region,
    datanodes,
    procedures,
    hasUnresolvedMove: unresolved.some((other) => other.regionId === move.regionId && other.id !== moveId),
    ...(cooldownUntilMs !== undefined && { cooldownUntilMs }),
    ...(quarantineUntilMs > nowMs && { quarantineUntilMs }),
  };
}
