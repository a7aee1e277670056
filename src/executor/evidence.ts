import { describeError, OperatingError } from '../domain/errors.ts';
import type { ProcedureId } from '../domain/ids.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { Cluster, ProcedureReading, RegionProcedure } from '../greptimedb/port.ts';
import type { Store } from '../store/port.ts';
import type { Evidence } from './verdict.ts';

export interface EvidenceSources {
  readonly cluster: Cluster;
  readonly store: Pick<Store, 'knowsProcedure'>;
}

/** What is asked of the cluster about one migration. */
export interface EvidenceQuery {
  readonly move: MoveRecord;
  /** When the intent was recorded, less what the servers' clocks may be behind ours, in ms since 1970. */
  readonly notBeforeMs: number;
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
  sources: EvidenceSources,
  query: EvidenceQuery,
  signal: AbortSignal,
): Promise<Look> {
  const procedure = await readOwnProcedure(sources.cluster, query.move.procedureId, signal);
  if (procedure.ok && procedure.value.kind === 'active') {
    return { evidence: { procedure: procedure.value, listed: 'not-asked', region: { kind: 'not-asked' } } };
  }
  const tellsEnough = procedure.ok && procedure.value.kind === 'ended';
  const [region, listed] = await Promise.all([
    attempt(signal, () => sources.cluster.readRegion(query.move.regionId, { signal })),
    tellsEnough ? undefined : attempt(signal, () => sources.cluster.listProcedures({ signal })),
  ]);
  const problem = [procedure, region, listed].find((read) => read?.ok === false);
  return {
    evidence: {
      procedure: procedure.ok ? procedure.value : { kind: 'unread' },
      region: region.ok ? region.value : { kind: 'unread' },
      ...listing(sources, query, listed),
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
  sources: EvidenceSources,
  query: EvidenceQuery,
  listed: Attempt<readonly RegionProcedure[] | 'unsupported'> | undefined,
): Pick<Evidence, 'listed' | 'adoptable'> {
  if (listed === undefined) return { listed: 'not-asked' };
  if (!listed.ok) return { listed: 'unread' };
  if (listed.value === 'unsupported') return { listed: 'unsupported' };
  const ofRegion = listed.value.filter((procedure) => procedure.regionIds.includes(query.move.regionId));
  const candidates = ofRegion.filter((procedure) => isOurs(sources.store, procedure, query.notBeforeMs));
  const adoptable = (candidates.find((procedure) => procedure.active) ?? candidates[0])?.procedureId;
  return {
    listed: ofRegion.filter((procedure) => procedure.active),
    ...(adoptable !== undefined && { adoptable }),
  };
}

/**
 * Whether a listed procedure must be the one that our unanswered request started. Right before the intent no procedure held the
 * region, so one that holds it now began after; one that has ended must have begun after by its own time.
 */
function isOurs(store: EvidenceSources['store'], procedure: RegionProcedure, notBeforeMs: number): boolean {
  if (!procedure.isRegionMigration || store.knowsProcedure(procedure.procedureId)) return false;
  return procedure.active || procedure.startedAtMs >= notBeforeMs;
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
