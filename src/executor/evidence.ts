import { describeError, OperatingError } from '../domain/errors.ts';
import type { ProcedureId } from '../domain/ids.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { Cluster, ProcedureReading, RegionProcedure } from '../greptimedb/port.ts';
import type { Store } from '../store/port.ts';
import type { Evidence } from './judge.ts';
import { SERVER_TIMES } from './options.ts';
import type { ExecutorParts } from './port.ts';

/** What is asked of the cluster about one migration. */
interface EvidenceQuery {
  readonly move: MoveRecord;
  /** The servers' time between which a request of this move can have begun, by our clock and what theirs may be off, in ms since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Procedures that the cluster listed right before the intent: none of them is ours. */
  readonly knownBefore?: ReadonlySet<ProcedureId>;
}

export interface Look {
  readonly evidence: Evidence;
  /** Why something could not be read. */
  readonly problem?: string;
}

type Attempt<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/**
 * Looks at the cluster once, asking no more than is needed: the procedure first, and only if that does not run, the region and the
 * list of procedures. What cannot be read is part of the answer.
 *
 * @throws the signal's reason when it aborts, and defects of ours.
 */
export async function look(
  { cluster, store }: ExecutorParts,
  query: EvidenceQuery,
  signal: AbortSignal,
): Promise<Look> {
  const procedure = await readOwnProcedure(cluster, query.move.procedureId, signal);
  if (procedure.ok && procedure.value.kind === 'active') {
    return { evidence: { procedure: procedure.value, listed: 'not-asked', region: { kind: 'not-asked' } } };
  }
  const tellsEnough = procedure.ok && procedure.value.kind === 'ended';
  const [region, listed] = await Promise.all([
    attempt(signal, () => cluster.readRegion(query.move.regionId, { signal })),
    tellsEnough ? undefined : attempt(signal, () => cluster.listProcedures({ signal })),
  ]);
  const problem = [procedure, region, listed].find((read) => read?.ok === false);
  return {
    evidence: {
      procedure: procedure.ok ? procedure.value : { kind: 'unread' },
      region: region.ok ? region.value : { kind: 'unread' },
      ...listing(store, query, listed),
    },
    ...(problem?.ok === false && { problem: problem.problem }),
  };
}

async function readOwnProcedure(
  cluster: Cluster,
  procedureId: ProcedureId | undefined,
  signal: AbortSignal,
): Promise<Attempt<ProcedureReading | { readonly kind: 'no-id' }>> {
  if (procedureId === undefined) return { ok: true, value: { kind: 'no-id' } };
  return attempt(signal, () => cluster.readProcedure(procedureId, { signal }));
}

function listing(
  store: Store,
  query: EvidenceQuery,
  listed: Attempt<readonly RegionProcedure[] | 'unsupported'> | undefined,
): Pick<Evidence, 'listed' | 'claimable'> {
  if (listed === undefined) return { listed: 'not-asked' };
  if (!listed.ok) return { listed: 'unread' };
  if (listed.value === 'unsupported') return { listed: 'unsupported' };
  const ofRegion = listed.value.filter((procedure) => procedure.regionIds.includes(query.move.regionId));
  const candidates = ofRegion.filter((procedure) => isOurs(store, procedure, query));
  // Of several the first to begin: nothing held the region when our request left, and what came later came after it.
  const [first] = candidates.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  const claimable = first?.procedureId;
  return {
    listed: ofRegion.filter((procedure) => procedure.active),
    ...(claimable !== undefined && { claimable }),
  };
}

/**
 * Whether a listed procedure must be the one that our unanswered request started: it was not there right before, and it began when the
 * request can have arrived. Where it is not on record what was there before, one that has ended may be anybody's.
 */
function isOurs(
  store: Store,
  procedure: RegionProcedure,
  { notBeforeMs, notAfterMs, knownBefore }: EvidenceQuery,
): boolean {
  const { procedureId, startedAtMs } = procedure;
  if (!procedure.isRegionMigration || store.knowsProcedure(procedureId)) return false;
  if (knownBefore?.has(procedureId) ?? !procedure.active) return false;
  return startedAtMs >= notBeforeMs && startedAtMs <= notAfterMs;
}

/** The query for a move whose intent was recorded at `intentAtMs`. */
export function queryFor(store: Store, move: MoveRecord, intentAtMs: number): EvidenceQuery {
  const { clockSkewMs, submitSettleMs } = SERVER_TIMES;
  const knownBefore = store.intentOf(move.id)?.knownBefore;
  return {
    move,
    notBeforeMs: intentAtMs - clockSkewMs,
    notAfterMs: intentAtMs + submitSettleMs + clockSkewMs,
    ...(knownBefore && { knownBefore: new Set(knownBefore) }),
  };
}

/** Turns "could not be read" into a value. */
export async function attempt<T>(signal: AbortSignal, read: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await read() };
  } catch (error) {
    signal.throwIfAborted();
    const isTimeout = error instanceof Error && error.name === 'TimeoutError';
    if (!isTimeout && !(error instanceof OperatingError)) throw error;
    return { ok: false, problem: describeError(error) };
  }
}
