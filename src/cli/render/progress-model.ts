import type { CycleOutcome, GateCode } from '../../domain/codes.ts';
import type { MoveRecord } from '../../domain/move.ts';
import type { Plan } from '../../domain/plan.ts';

/** The events that progress shows; all others pass by. The daemon's own event stream fits. */
export type ProgressEvent =
  | { readonly type: 'planned'; readonly plan: Plan }
  | { readonly type: 'gate-closed'; readonly code: GateCode; readonly detail: string }
  | {
      readonly type: 'move-started';
      readonly move: MoveRecord;
      readonly position: number;
      readonly total: number;
    }
  | { readonly type: 'move-state'; readonly move: MoveRecord }
  | { readonly type: 'move-finished'; readonly move: MoveRecord; readonly durationMs: number }
  | { readonly type: 'recovered'; readonly move: MoveRecord; readonly detail: string }
  | { readonly type: 'cycle-finished'; readonly outcome: CycleOutcome; readonly detail: string }
  | { readonly type: IgnoredEventType };

type IgnoredEventType =
  | 'cycle-started'
  | 'tick-missed'
  | 'snapshot-taken'
  | 'redundant-move'
  | 'quarantined'
  | 'foreign-moves'
  | 'paused'
  | 'resumed'
  | 'drain-requested'
  | 'drain-ended'
  | 'quarantine-released'
  | 'config-reloaded'
  | 'config-refused';

export interface ProgressSource {
  subscribe(listener: (event: ProgressEvent & { readonly atMs: number }) => void): () => void;
}

/** Where the work stands. Times in ms since 1970. */
export interface Progress {
  /** Moves that ended, over all cycles so far. */
  readonly ended: number;
  readonly failed: number;
  /** Moves of the latest plan that have not ended. */
  readonly remaining: number;
  readonly current: CurrentMove | undefined;
  /** When the first move began. */
  readonly startedAtMs: number | undefined;
}

export interface CurrentMove {
  readonly move: MoveRecord;
  readonly startedAtMs: number;
}

export const NO_PROGRESS: Progress = {
  ended: 0,
  failed: 0,
  remaining: 0,
  current: undefined,
  startedAtMs: undefined,
};

/** The progress after one more event. */
export function advance(progress: Progress, event: ProgressEvent, atMs: number): Progress {
  if (event.type === 'planned')
    return { ...progress, remaining: event.plan.moves.length, current: undefined };
  if (event.type === 'cycle-finished') return { ...progress, current: undefined };
  if (event.type === 'move-started')
    return {
      ...progress,
      startedAtMs: progress.startedAtMs ?? atMs,
      current: { move: event.move, startedAtMs: atMs },
    };
  if (event.type === 'move-state' && progress.current)
    return { ...progress, current: { ...progress.current, move: event.move } };
  if (event.type !== 'move-finished') return progress;
  return {
    ...progress,
    ended: progress.ended + 1,
    failed: progress.failed + (event.move.state === 'succeeded' ? 0 : 1),
    remaining: Math.max(0, progress.remaining - 1),
    current: undefined,
  };
}

/** ms until the remaining moves are done, if they take as long as those before; undefined before the first has ended. */
export function timeLeftMs(progress: Progress, nowMs: number): number | undefined {
  const { ended, remaining, startedAtMs, current } = progress;
  if (ended === 0 || startedAtMs === undefined || remaining === 0) return undefined;
  const underWayMs = current ? Math.max(0, nowMs - current.startedAtMs) : 0;
  const perMoveMs = Math.max(0, nowMs - startedAtMs - underWayMs) / ended;
  return Math.max(0, perMoveMs * remaining - Math.min(underWayMs, perMoveMs));
}
