import type { CauseCode } from '../domain/causes.ts';
import { describeError, OperatingError } from '../domain/errors.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { Cluster, RefusalCode, SubmitResult } from '../greptimedb/port.ts';
import { attempt, look, queryFor } from './evidence.ts';
import { describeClosed, STOPPING, type ClosedGate } from './gates.ts';
import { advance, finish } from './journal.ts';
import type { CheckedMove, CheckResult } from './move-check.ts';
import type { Attempted, ExecutorParts } from './port.ts';
import type { MoveEnd } from './states.ts';

export type Submission =
  /** Nothing was started, for certain. */
  | ({ readonly kind: 'ended' } & Attempted)
  /** Something was, or may have been, started: look. */
  | { readonly kind: 'look'; readonly move: MoveRecord; readonly nothingSeenCause?: CauseCode };

/** Whether the move may still be submitted, or why that cannot be told. */
type Permission = CheckResult | { readonly kind: 'failed'; readonly error: unknown };
interface NotSent {
  readonly kind: 'not-sent';
  readonly message: string;
  readonly permission: Permission;
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
 *
 * @param checking the record of the move that was checked.
 */
export async function submit(
  parts: ExecutorParts,
  checking: MoveRecord,
  { knownBefore, mayStillSubmit }: CheckedMove,
  signal: AbortSignal,
): Promise<Submission> {
  const move = advance(parts, checking, 'intent-recorded', { knownBefore });
  const submittedAtMs = parts.clock.now();
  const result = await send(parts, move, mayStillSubmit, signal);
  switch (result.kind) {
    case 'accepted': {
      const step = { procedureId: result.procedureId, submittedAtMs };
      return { kind: 'look', move: advance(parts, move, 'submitted', step) };
    }
    case 'unclear':
      return { kind: 'look', move };
    case 'already-there':
      return confirmAlreadyThere(parts, move, submittedAtMs, signal);
    case 'not-sent':
      return unsent(parts, move, result, signal);
    case 'refused':
      return refuse(parts, move, result, signal);
  }
}

/** What could not be sent would not reach the cluster for another move either; what was held back has its own reason. */
function unsent(
  parts: ExecutorParts,
  move: MoveRecord,
  { message, permission }: NotSent,
  signal: AbortSignal,
): Submission {
  const end = (cause: CauseCode, detail: string, closed: readonly ClosedGate[]): Submission => {
    const ended = finish(parts, move, { state: 'abandoned', cause, detail });
    return { kind: 'ended', move: ended, wasSubmitted: false, closed };
  };
  if (signal.aborted) return end('interrupted', message, [STOPPING]);
  if (permission.kind === 'abandon') return end(permission.cause, permission.detail, []);
  if (permission.kind === 'closed') {
    return end('gate-closed', describeClosed(permission.gates), permission.gates);
  }
  const detail = `Region ${move.regionId}: ${message}`;
  const ended = end('not-sent', message, [{ code: 'cluster-unhealthy', detail }]);
  if (permission.kind === 'failed') throw permission.error;
  return ended;
}

async function refuse(
  parts: ExecutorParts,
  move: MoveRecord,
  { code, message }: Extract<SubmitResult, { kind: 'refused' }>,
  signal: AbortSignal,
): Promise<Submission> {
  const cause = CAUSE_OF_REFUSAL[code];
  if (await mayHaveBegun(parts.cluster, code, signal)) {
    return { kind: 'look', move, nothingSeenCause: cause };
  }
  // The world is not as the plan thought: no failure of anybody.
  const isOutdated = code === 'leader-changed' || code === 'region-gone';
  const end: MoveEnd = {
    state: isOutdated ? 'abandoned' : 'failed',
    cause,
    detail: `The cluster refused: ${message.slice(0, 1_000)}`,
  };
  const ended = finish(parts, move, end);
  // Some refusals would meet every other move too.
  const meetsAll = code === 'access-denied' || code === 'not-leader';
  const detail = `Region ${move.regionId}: ${end.detail}`;
  const closed = meetsAll ? [{ code: 'cluster-unhealthy', detail } as const] : [];
  return { kind: 'ended', move: ended, wasSubmitted: true, closed };
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
  parts: ExecutorParts,
  move: MoveRecord,
  submittedAtMs: number,
  signal: AbortSignal,
): Promise<Submission> {
  const query = queryFor(parts.store, move, submittedAtMs);
  const seen = await look(parts, query, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    return undefined;
  });
  const region = seen?.evidence.region;
  const isThere = region?.kind === 'found' && region.leader === move.to && region.status === 'alive';
  if (!isThere || seen?.evidence.claimable !== undefined) return { kind: 'look', move };
  const detail = `Datanode ${move.to} leads region ${move.regionId} already, the cluster says.`;
  const ended = finish(parts, move, { state: 'abandoned', cause: 'already-there', detail });
  return { kind: 'ended', move: ended, wasSubmitted: false, closed: [] };
}

/**
 * By the port's contract a rejection means that nothing was sent. An error that is none of the contract's is a defect, of which nothing
 * is known: the request may have left.
 *
 * Opening a connection, to one frontend after the other, may take long, and so may the proof that this replica leads: whether the move
 * may still be submitted is asked at the first byte.
 */
async function send(
  { cluster, options: { replayTimeoutMs } }: ExecutorParts,
  { regionId, from, to }: MoveRecord,
  mayStillSubmit: () => CheckResult,
  signal: AbortSignal,
): Promise<SubmitResult | NotSent> {
  // The network's own code calls this: it must not meet an error of ours.
  const ask = (): Permission => {
    try {
      return mayStillSubmit();
    } catch (error) {
      return { kind: 'failed', error };
    }
  };
  let lastAnswer: Permission | undefined;
  const mayStart = (): boolean => {
    lastAnswer = ask();
    return lastAnswer.kind === 'go';
  };
  try {
    return await cluster.submitMigration({ regionId, from, to, replayTimeoutMs }, { signal, mayStart });
  } catch (error) {
    const message = describeError(error);
    const isByContract = error instanceof OperatingError || (signal.aborted && error === signal.reason);
    if (!isByContract) return { kind: 'unclear', message };
    // Other things than the first byte may have held it back.
    const heldBack = lastAnswer?.kind === 'go' ? undefined : lastAnswer;
    return { kind: 'not-sent', message, permission: heldBack ?? ask() };
  }
}
