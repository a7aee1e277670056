import type { CauseCode } from '../domain/causes.ts';
import type { Outcome } from '../domain/codes.ts';
import type { MoveRecord, MoveState } from '../domain/move.ts';
import type { MoveChange, MoveEffects, Store } from '../store/port.ts';

/**
 * Every change of state that a move may make; there is no other.
 *
 * planned, checking: nothing has been sent. intent-recorded: the request may or may not have been sent. submitted: the cluster gave
 * a procedure id, and nothing has been seen of it. watching: something has been seen, or nothing but the route can be seen.
 * verifying: the procedure has ended, and the route says how.
 */
export const TRANSITIONS: Readonly<Record<MoveState, readonly MoveState[]>> = {
  planned: ['checking', 'abandoned'],
  checking: ['intent-recorded', 'abandoned'],
  'intent-recorded': ['submitted', 'watching', 'failed', 'timed_out', 'abandoned'],
  submitted: ['watching', 'timed_out'],
  watching: ['verifying', 'timed_out'],
  verifying: ['watching', 'succeeded', 'failed', 'rolled_back', 'timed_out'],
  succeeded: [],
  failed: [],
  rolled_back: [],
  timed_out: [],
  abandoned: [],
};

/** How a move ended, and by what that was recognised. */
export interface MoveEnd {
  readonly state: Outcome;
  readonly cause: CauseCode;
  readonly detail: string;
}

export interface MoveStep extends Pick<MoveChange, 'procedureId' | 'submittedAtMs' | 'knownBefore'> {
  readonly end?: Omit<MoveEnd, 'state'>;
  readonly effects?: MoveEffects;
}

export function mayBecome(from: MoveState, to: MoveState): boolean {
  return TRANSITIONS[from].includes(to);
}

/**
 * Takes a move to its next state, durably. The only caller of `Store.writeMove`.
 *
 * @throws Error on a change that {@link TRANSITIONS} does not have.
 */
export function writeState(
  store: Store,
  move: MoveRecord,
  to: MoveState,
  atMs: number,
  step: MoveStep = {},
): MoveRecord {
  if (!mayBecome(move.state, to))
    throw new Error(`Move ${move.id} may not become ${to}: it is ${move.state}`);
  const { end, ...rest } = step;
  return store.writeMove({
    moveId: move.id,
    expected: move.state,
    state: to,
    atMs,
    ...rest,
    ...(end && { ...end, endedAtMs: atMs }),
  });
}

/** The states between where a move is and an end, when that end comes into sight: each is passed, none is jumped. */
export function pathTo(from: MoveState, end: Outcome): readonly MoveState[] {
  if (mayBecome(from, end)) return [end];
  const order: readonly MoveState[] = ['intent-recorded', 'watching', 'verifying'];
  const start = from === 'submitted' ? 0 : order.indexOf(from);
  return [...order.slice(start + 1), end];
}
