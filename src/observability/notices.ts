import { GATE_SEVERITY, type GateCode } from '../domain/codes.ts';
import type { Plan } from '../domain/plan.ts';
import { formatEstimate } from '../lib/duration.ts';
import type { StampedEvent } from './events.ts';

export const NOTICE_KINDS = ['started', 'finished', 'blocked', 'failed', 'paused'] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Something that people want to be told of. */
export interface Notice {
  readonly kind: NoticeKind;
  /** ms since 1970. */
  readonly atMs: number;
  /** One sentence. */
  readonly text: string;
}

/** What was told already, so that nothing is told at every cycle anew. */
export interface NoticeState {
  /** Moves that were planned by the plan that the events tell of last. */
  readonly planned: number;
  /** Whether cooldowns alone keep regions where they are, by the same plan: they end by themselves. */
  readonly isResting: boolean;
  /** Since a rebalance began and as long as it is not over: what it has done. */
  readonly running: { readonly startedAtMs: number; readonly moved: number; readonly failed: number } | null;
  readonly isBlocked: boolean;
  readonly isFailing: boolean;
  /** What the running cycle found closed. */
  readonly gates: readonly { readonly code: GateCode; readonly detail: string }[];
}

export const QUIET: NoticeState = {
  planned: 0,
  isResting: false,
  running: null,
  isBlocked: false,
  isFailing: false,
  gates: [],
};

/** The state after one more event, and what to tell about it. Pure. */
export function notice(state: NoticeState, event: StampedEvent): readonly [NoticeState, Notice | undefined] {
  switch (event.type) {
    case 'cycle-started':
      return [{ ...state, gates: [] }, undefined];
    case 'planned':
      return [{ ...state, ...planned(event.plan) }, undefined];
    case 'gate-closed':
      return [{ ...state, gates: [...state.gates, event] }, undefined];
    case 'move-started':
      return begin(state, event);
    case 'move-finished':
      return [{ ...state, running: count(state.running, event.move.state === 'succeeded') }, undefined];
    case 'paused':
      return [
        state,
        event.by === 'breaker' ? tell('paused', event, `Paused itself: ${event.reason}`) : undefined,
      ];
    case 'cycle-finished':
      return finish(state, event);
    case 'config-refused':
    case 'config-reloaded':
    case 'drain-ended':
    case 'drain-requested':
    case 'foreign-moves':
    case 'move-state':
    case 'quarantine-released':
    case 'quarantined':
    case 'recovered':
    case 'redundant-move':
    case 'resumed':
    case 'snapshot-taken':
    case 'tick-missed':
      return [state, undefined];
  }
}

function planned({ moves, blocked }: Plan): Pick<NoticeState, 'planned' | 'isResting'> {
  const isResting = blocked.length > 0 && blocked.every(({ code }) => code === 'cooldown');
  return { planned: moves.length, isResting };
}

function begin(
  state: NoticeState,
  event: Extract<StampedEvent, { type: 'move-started' }>,
): readonly [NoticeState, Notice | undefined] {
  if (state.running) return [state, undefined];
  const running = { startedAtMs: event.atMs, moved: 0, failed: 0 };
  return [{ ...state, running }, tell('started', event, `A rebalance of ${moves(state.planned)} has begun.`)];
}

function count(running: NoticeState['running'], succeeded: boolean): NoticeState['running'] {
  if (!running) return null;
  const { moved, failed } = running;
  return { ...running, moved: moved + (succeeded ? 1 : 0), failed: failed + (succeeded ? 0 : 1) };
}

function finish(
  state: NoticeState,
  event: Extract<StampedEvent, { type: 'cycle-finished' }>,
): readonly [NoticeState, Notice | undefined] {
  switch (event.outcome) {
    case 'failed':
      return [
        { ...state, isFailing: true },
        state.isFailing ? undefined : tell('failed', event, `A cycle failed: ${event.detail}`),
      ];
    case 'balanced':
      return [{ ...QUIET, planned: state.planned }, state.running ? done(state.running, event) : undefined];
    case 'blocked':
      return state.isResting
        ? [{ ...state, isFailing: false }, undefined]
        : block(state, event, event.detail);
    case 'gated':
      return gated(state, event);
    case 'planned':
    case 'moved':
    case 'partial':
      return [{ ...state, isFailing: false, isBlocked: false }, undefined];
    case 'stopped':
    case 'missed':
      return [state, undefined];
  }
}

/** While somebody wants that nothing is moved, nobody has to be told what else is in the way. */
function gated(state: NoticeState, event: StampedEvent): readonly [NoticeState, Notice | undefined] {
  const [first] = state.gates;
  const needsPerson = state.gates.every(({ code }) => GATE_SEVERITY[code] === 'needs-person');
  return first && needsPerson
    ? block(state, event, first.detail)
    : [{ ...state, isFailing: false }, undefined];
}

function block(
  state: NoticeState,
  event: StampedEvent,
  why: string,
): readonly [NoticeState, Notice | undefined] {
  const next = { ...state, running: null, isBlocked: true, isFailing: false };
  return [
    next,
    state.isBlocked ? undefined : tell('blocked', event, `The cluster cannot be balanced: ${why}`),
  ];
}

function done(
  { startedAtMs, moved, failed }: NonNullable<NoticeState['running']>,
  event: StampedEvent,
): Notice {
  const without = failed === 0 ? '' : `, ${failed} without success`;
  return tell(
    'finished',
    event,
    `The cluster is balanced: ${moves(moved)} in ${formatEstimate(event.atMs - startedAtMs)}${without}.`,
  );
}

function tell(kind: NoticeKind, { atMs }: StampedEvent, text: string): Notice {
  return { kind, atMs, text };
}

function moves(amount: number): string {
  return amount === 1 ? '1 move' : `${amount} moves`;
}
