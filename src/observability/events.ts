import type { CycleOutcome, GateCode } from '../domain/codes.ts';
import type { MoveRecord, MoveState } from '../domain/move.ts';
import type { Plan } from '../domain/plan.ts';
import type { DatanodeRole } from '../domain/policy.ts';
import type { RegionCounts } from '../domain/region-counts.ts';
import type { Snapshot } from '../domain/snapshot.ts';

/** Why a cycle ran. */
export type CycleTrigger =
  'start' | 'schedule' | 'retry' | 'manual' | 'reload' | 'once' | 'drain' | 'cordon' | 'apply' | 'takeover';

/**
 * Everything worth telling, as one closed union. The loop and the executor only emit; log, metrics, server-sent events and
 * progress bars each listen. `atMs` is added by the bus (ms since 1970).
 */
export type RebalancerEvent =
  | { readonly type: 'cycle-started'; readonly cycleId: number; readonly trigger: CycleTrigger }
  | { readonly type: 'tick-missed'; readonly runningCycleId: number }
  | {
      readonly type: 'snapshot-taken';
      readonly cycleId: number;
      readonly snapshot: Snapshot;
      readonly durationMs: number;
    }
  | {
      readonly type: 'planned';
      readonly cycleId: number;
      readonly plan: Plan;
      readonly counts: RegionCounts;
      readonly durationMs: number;
    }
  | { readonly type: 'gate-closed'; readonly code: GateCode; readonly detail: string }
  | {
      readonly type: 'move-started';
      readonly move: MoveRecord;
      readonly position: number;
      readonly total: number;
      /** It was begun by an earlier process and is only followed further: that gates are open does not follow. */
      readonly isResumed?: true;
    }
  | { readonly type: 'move-state'; readonly move: MoveRecord; readonly previous: MoveState }
  | { readonly type: 'move-finished'; readonly move: MoveRecord; readonly durationMs: number }
  | { readonly type: 'redundant-move'; readonly move: MoveRecord }
  | {
      readonly type: 'quarantined';
      readonly regionId: string;
      readonly untilMs: number;
      readonly failures: number;
      readonly detail: string;
    }
  | {
      readonly type: 'datanode-quarantined';
      readonly datanode: string;
      readonly role: DatanodeRole;
      readonly untilMs: number;
      readonly failures: number;
      readonly detail: string;
    }
  | {
      readonly type: 'foreign-moves';
      readonly count: number;
      readonly undone: number;
      readonly detail: string;
    }
  | { readonly type: 'recovered'; readonly move: MoveRecord; readonly detail: string }
  | { readonly type: 'paused'; readonly untilMs: number | null; readonly reason: string; readonly by: string }
  | { readonly type: 'resumed'; readonly by: string }
  | { readonly type: 'drain-requested'; readonly datanodes: readonly string[]; readonly by: string }
  | { readonly type: 'drain-ended'; readonly datanodes: readonly string[]; readonly by: string }
  | { readonly type: 'cordon-requested'; readonly datanodes: readonly string[]; readonly by: string }
  | { readonly type: 'cordon-ended'; readonly datanodes: readonly string[]; readonly by: string }
  | { readonly type: 'quarantine-released'; readonly what: string; readonly by: string }
  | { readonly type: 'config-reloaded'; readonly changes: readonly string[] }
  | { readonly type: 'config-refused'; readonly detail: string }
  | {
      readonly type: 'cycle-finished';
      readonly cycleId: number;
      readonly outcome: CycleOutcome;
      readonly durationMs: number;
      readonly moved: number;
      readonly detail: string;
    };

export type EventType = RebalancerEvent['type'];
export type StampedEvent = RebalancerEvent & { readonly id: number; readonly atMs: number };
export type EventListener = (event: StampedEvent) => void;

/** Where events come from; listeners cannot emit. */
export interface EventSource {
  /** The returned function unsubscribes. */
  subscribe(listener: EventListener): () => void;
}

export interface EventSink {
  emit(event: RebalancerEvent): void;
}

/**
 * Delivers events to all listeners in order, at once. A listener that throws is reported to `onListenerError` and does not
 * disturb the others or the emitter.
 */
export class EventBus implements EventSource, EventSink {
  readonly #listeners = new Set<EventListener>();
  readonly #now: () => number;
  readonly #onListenerError: (error: unknown) => void;
  #nextId = 1;

  constructor(options: { now: () => number; onListenerError: (error: unknown) => void }) {
    this.#now = options.now;
    this.#onListenerError = options.onListenerError;
  }

  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: RebalancerEvent): void {
    const stamped: StampedEvent = { ...event, id: this.#nextId++, atMs: this.#now() };
    for (const listener of this.#listeners) {
      try {
        listener(stamped);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}
