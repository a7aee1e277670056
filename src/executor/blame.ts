import type { CauseCode } from '../domain/causes.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { Move } from '../domain/plan.ts';
import type { DatanodeRole } from '../domain/policy.ts';
import type { DatanodeFailures, Store } from '../store/port.ts';
import { quarantineDelayMs } from './options.ts';
import type { ExecutorParts } from './port.ts';

/** Ends that may have their reason in the source or the target. Others come of the request, the network or metasrv. */
const DATANODE_CAUSES: ReadonlySet<string> = new Set<CauseCode>([
  'refused-peer-unavailable',
  'rolled_back',
  'done-not-moved',
  'no-effect',
  'still-running',
  'stuck-downgraded',
]);

export function mayBeDatanode(cause: string): boolean {
  return DATANODE_CAUSES.has(cause);
}

/** From this failure in a row on a datanode may be put to rest. */
const FAILURES_IN_A_ROW = 2;
/** Moves of one datanode that are looked through for the ones that failed in its run. */
const LOOKED_AT = 50;

/**
 * Puts the datanode to rest that is to blame for a failed move, and acquits the regions that failed because of it.
 *
 * A target is to blame after two failures in a row where others succeed meanwhile, or may: moves to other targets are still to be made, and
 * the cheapest way to know is to try one of them. A source is to blame only where others succeed, and several targets failed with it. What
 * is explained by successes elsewhere does not count towards `maxConsecutiveFailures`; where everything fails, that limit stops the work.
 *
 * @param ahead what is left to do of the same plan.
 * @returns what was put to rest, if anything.
 */
export function blameDatanode(
  parts: ExecutorParts,
  move: MoveRecord,
  ahead: readonly Move[],
): DatanodeFailures | undefined {
  const { store } = parts;
  if (move.cause === undefined || !mayBeDatanode(move.cause)) return undefined;
  const othersAhead = (): boolean => ahead.some(({ to }) => to !== move.to);
  const target = suspect(store, move.to, 'target');
  if (target && (target.isAlone || othersAhead())) return rest(parts, target);
  const source = suspect(store, move.from, 'source');
  const targets = new Set(source?.failed.map(({ to }) => to));
  return source?.isAlone && targets.size > 1 ? rest(parts, source) : undefined;
}

interface Suspect {
  readonly record: DatanodeFailures;
  /** The moves of its run of failures. */
  readonly failed: readonly MoveRecord[];
  /** Migrations of others succeeded since its run began; its own did not. */
  readonly isAlone: boolean;
}

function suspect(store: Store, datanode: string, role: DatanodeRole): Suspect | undefined {
  const record = store.datanodeFailures(datanode, role);
  if (!record || record.failures < FAILURES_IN_A_ROW) return undefined;
  const failed = store
    .listMoves({ datanodeId: datanode, limit: LOOKED_AT })
    .filter((move) => (role === 'target' ? move.to : move.from) === datanode)
    .filter(({ endedAtMs = 0, cause = '' }) => endedAtMs >= record.sinceMs && mayBeDatanode(cause));
  return { record, failed, isAlone: store.successesSince(record.sinceMs, 1).length > 0 };
}

function rest(
  { store, clock, options }: ExecutorParts,
  { record, failed, isAlone }: Suspect,
): DatanodeFailures {
  const untilMs = clock.now() + quarantineDelayMs(record.failures - FAILURES_IN_A_ROW + 1, options);
  const rested = { ...record, untilMs };
  store.restDatanode(
    rested,
    failed.map(({ regionId }) => regionId),
    isAlone,
  );
  return rested;
}
