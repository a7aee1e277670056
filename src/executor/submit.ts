import type { CauseCode } from '../domain/causes.ts';
import { describeError, OperatingError } from '../domain/errors.ts';
import type { ProcedureId } from '../domain/ids.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { Cluster, RefusalCode, SubmitResult } from '../greptimedb/port.ts';
import type { Clock } from '../lib/clock.ts';
import type { Store } from '../store/port.ts';
import { attempt, look, queryFor } from './evidence.ts';
import type { EvidenceQuery } from './evidence.ts';
import type { Journal } from './journal.ts';
import type { ExecutorOptions } from './options.ts';
import type { MoveEnd } from './states.ts';

export interface SubmitDependencies {
  readonly cluster: Cluster;
  readonly store: Store;
  readonly clock: Clock;
  readonly journal: Journal;
}

export type Submission =
  /** Nothing was started, for certain. */
  | { readonly kind: 'ended'; readonly move: MoveRecord; readonly code?: RefusalCode }
  /** Something was, or may have been, started: look. */
  | { readonly kind: 'look'; readonly move: MoveRecord; readonly nothingSeenCause?: CauseCode };

type Sent = SubmitResult | { readonly kind: 'not-sent'; readonly message: string };
type SubmitOptions = Pick<ExecutorOptions, 'replayTimeoutMs' | 'clockSkewMs' | 'submitSettleMs'>;

/** A move that may be submitted, and the region's procedures that the cluster listed right before. */
export interface Checked {
  readonly move: MoveRecord;
  readonly knownBefore: readonly ProcedureId[];
}

const CAUSE_OF_REFUSAL: Readonly<Record<RefusalCode, CauseCode>> = {
  'leader-changed': 'leader-changed',
  'region-gone': 'region-gone',
  'follower-on-target': 'follower-on-target',
  'peer-unavailable': 'refused-peer-unavailable',
  'already-running': 'refused-already-running',
  'logical-table': 'refused-logical-table',
  'not-leader': 'refused-not-leader',
  invalid: 'refused-invalid',
  'access-denied': 'refused-access-denied',
};

/**
 * Writes the intent down, asks for the migration once, and writes the answer down. The intent is on disk before the request leaves.
 */
export async function submit(
  options: SubmitOptions,
  dependencies: SubmitDependencies,
  { move: checked, knownBefore }: Checked,
  signal: AbortSignal,
): Promise<Submission> {
  const { cluster, clock, journal } = dependencies;
  const move = journal.advance(checked, 'intent-recorded', { knownBefore });
  const submittedAtMs = clock.now();
  const result = await send(cluster, move, options.replayTimeoutMs, signal);
  switch (result.kind) {
    case 'accepted': {
      const step = { procedureId: result.procedureId, submittedAtMs };
      return { kind: 'look', move: journal.advance(move, 'submitted', step) };
    }
    case 'unclear':
      return { kind: 'look', move };
    case 'already-there':
      return confirmAlreadyThere(
        dependencies,
        move,
        queryFor(dependencies.store, move, submittedAtMs, options),
        signal,
      );
    case 'not-sent': {
      const cause = signal.aborted ? 'interrupted' : 'not-sent';
      const end: MoveEnd = { state: 'abandoned', cause, detail: result.message };
      return { kind: 'ended', move: journal.finish(move, end) };
    }
    case 'refused':
      return refuse(dependencies, move, result, signal);
  }
}

async function refuse(
  { cluster, journal }: SubmitDependencies,
  move: MoveRecord,
  { code, message }: Extract<SubmitResult, { kind: 'refused' }>,
  signal: AbortSignal,
): Promise<Submission> {
  const cause = CAUSE_OF_REFUSAL[code];
  if (await mayHaveBegun(cluster, code, signal)) {
    return { kind: 'look', move, nothingSeenCause: cause };
  }
  // The world is not as the plan thought: no failure of anybody.
  const isOutdated = code === 'leader-changed' || code === 'region-gone';
  const end: MoveEnd = {
    state: isOutdated ? 'abandoned' : 'failed',
    cause,
    detail: `The cluster refused: ${message.slice(0, 1_000)}`,
  };
  return { kind: 'ended', move: journal.finish(move, end), code };
}

/**
 * Whether a refusal may be the answer to the frontend's own second try of our request (MC/client/procedure.rs), whose first try was
 * accepted. "Already running": right before it, no procedure held the region. "Peer unavailable": right before it, both datanodes lived; a
 * new leader of metasrv knows of no lease yet, and runs what the last one had accepted. Without a list of procedures (and so through metasrv
 * itself, which tries nothing twice) a look would take a quarter of an hour: there the word stands.
 */
async function mayHaveBegun(cluster: Cluster, code: RefusalCode, signal: AbortSignal): Promise<boolean> {
  if (code !== 'peer-unavailable') return code === 'already-running';
  try {
    const listed = await attempt(signal, () => cluster.listProcedures({ signal }));
    return !listed.ok || listed.value !== 'unsupported';
  } catch (error) {
    if (!signal.aborted) throw error;
    return true;
  }
}

/**
 * Right before, the region was not there. Either somebody else was quicker; or the frontend's second try of our own request gave this
 * answer; or the answer was some other error that reads like this one (0.9.3 to 0.14). Only the cluster can tell.
 */
async function confirmAlreadyThere(
  { cluster, store, journal }: SubmitDependencies,
  move: MoveRecord,
  query: EvidenceQuery,
  signal: AbortSignal,
): Promise<Submission> {
  const seen = await look({ cluster, store }, query, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    return undefined;
  });
  const region = seen?.evidence.region;
  const isThere = region?.kind === 'found' && region.leader === move.to && region.status === 'alive';
  if (!isThere || seen?.evidence.claimable !== undefined) return { kind: 'look', move };
  const detail = `Datanode ${move.to} leads region ${move.regionId} already, the cluster says.`;
  return {
    kind: 'ended',
    move: journal.finish(move, { state: 'abandoned', cause: 'already-there', detail }),
  };
}

/**
 * By the port's contract a rejection means that nothing was sent. An error that is none of the contract's is a defect, of which nothing
 * is known: the request may have left.
 */
async function send(
  cluster: Cluster,
  move: MoveRecord,
  replayTimeoutMs: number,
  signal: AbortSignal,
): Promise<Sent> {
  const { regionId, from, to } = move;
  try {
    return await cluster.submitMigration({ regionId, from, to, replayTimeoutMs }, { signal });
  } catch (error) {
    const message = describeError(error);
    const isByContract = error instanceof OperatingError || (signal.aborted && error === signal.reason);
    return isByContract ? { kind: 'not-sent', message } : { kind: 'unclear', message };
  }
}
