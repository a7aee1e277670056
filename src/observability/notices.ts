import { GATE_SEVERITY } from '../domain/codes.ts';
import { formatEstimate } from '../lib/duration.ts';
import type { StampedEvent } from './events.ts';
import type { Gates, LiveState } from './live-state.ts';
import { waitsForCooldowns } from './rebalance.ts';
import type { Rebalance } from './rebalance.ts';

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
export interface Told {
  /** That a rebalance began, whose end is yet to be told. */
  readonly hasBegun: boolean;
  readonly isBlocked: boolean;
  readonly isFailing: boolean;
}

export const NOTHING_TOLD: Told = { hasBegun: false, isBlocked: false, isFailing: false };

type News = readonly [Told, Notice | undefined];

/** What to tell about an event. Pure. @param state the one after the event. */
export function notice(told: Told, event: StampedEvent, state: LiveState): News {
  if (event.type === 'move-started') return begin(told, event, state);
  if (event.type === 'cycle-finished') return finish(told, event, state);
  if (event.type === 'paused' && event.by === 'breaker')
    return [told, tell('paused', event, `Paused automatically: ${event.reason} Run resume to continue.`)];
  return [told, undefined];
}

function begin(told: Told, event: StampedEvent, { plan, rebalance }: LiveState): News {
  if (told.hasBegun || !plan || !rebalance?.isRunning) return [told, undefined];
  const text = `Rebalance started: ${moves(plan.moves.length)}.`;
  return [{ ...told, hasBegun: true }, tell('started', event, text)];
}

function finish(
  told: Told,
  event: Extract<StampedEvent, { type: 'cycle-finished' }>,
  { plan, rebalance, cycleGates }: LiveState,
): News {
  const calm = { ...told, isFailing: false };
  switch (event.outcome) {
    case 'failed':
      return [
        { ...told, isFailing: true },
        told.isFailing ? undefined : tell('failed', event, `A cycle failed: ${event.detail}`),
      ];
    case 'balanced':
      return [NOTHING_TOLD, told.hasBegun && rebalance ? done(rebalance, event) : undefined];
    case 'blocked':
      return plan && waitsForCooldowns(plan) ? [calm, undefined] : block(told, event, event.detail);
    case 'gated':
      return gated(told, event, cycleGates);
    case 'planned':
    case 'moved':
    case 'partial':
      return [{ ...calm, isBlocked: false }, undefined];
    case 'stopped':
    case 'missed':
      return [told, undefined];
  }
}

/** While somebody wants that nothing is moved, nobody has to be told what else is in the way. */
function gated(told: Told, event: StampedEvent, gates: Gates): News {
  const needsPerson = gates.keys().every((code) => GATE_SEVERITY[code] === 'needs-person');
  const [detail] = gates.values();
  return detail !== undefined && needsPerson
    ? block(told, event, detail)
    : [{ ...told, isFailing: false }, undefined];
}

function block(told: Told, event: StampedEvent, why: string): News {
  return [
    { hasBegun: false, isBlocked: true, isFailing: false },
    told.isBlocked ? undefined : tell('blocked', event, `The cluster cannot be balanced: ${why}`),
  ];
}

function done({ startedAtMs, moved, failed }: Rebalance, event: StampedEvent): Notice {
  const failures = failed === 0 ? '' : `, ${failed} did not succeed`;
  const duration = formatEstimate(event.atMs - startedAtMs);
  return tell('finished', event, `The cluster is balanced: ${moves(moved)} in ${duration}${failures}.`);
}

function tell(kind: NoticeKind, { atMs }: StampedEvent, text: string): Notice {
  return { kind, atMs, text };
}

function moves(amount: number): string {
  return amount === 1 ? '1 move' : `${amount} moves`;
}
