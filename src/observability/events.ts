import type { CycleOutcome, GateCode } from '../domain/codes.ts';
import type { MoveRecord, MoveState } from '../domain/move.ts';
import type { Plan } from '../domain/plan.ts';
import type { DatanodeRole } from '../domain/policy.ts';
import type { RegionCounts } from '../domain/region-counts.ts';
import type { Snapshot } from '../domain/snapshot.ts';

/** Why a cycle ran. */
export type CycleTrigger =
  'start' | 'schedule' | 'retry' | 'manual' | 'reload' | 'once' | 'drain' | 'cordon' | 'apply' | 'takeover';

interface OfDatanodes {
  readonly datanodes: readonly string[];
  readonly by: string;
}

interface Quarantine {
  readonly untilMs: number;
  readonly failures: number;
  readonly detail: string;
}

/**
 * Everything worth telling, by its type. The loop and the executor only emit; log, metrics, server-sent events and progress bars each
 * listen.
 */
interface EventFields {
  'cycle-started': { readonly cycleId: number; readonly trigger: CycleTrigger };
  'tick-missed': { readonly runningCycleId: number };
  'snapshot-taken': { readonly cycleId: number; readonly snapshot: Snapshot; readonly durationMs: number };
  planned: {
    readonly cycleId: number;
    readonly plan: Plan;
    readonly counts: RegionCounts;
    readonly durationMs: number;
  };
  'gate-closed': { readonly code: GateCode; readonly detail: string };
  'move-started': {
    readonly move: MoveRecord;
    /** It was begun by an earlier process and is only followed further: that gates are open does not follow. */
    readonly isResumed?: true;
  };
  'move-state': { readonly move: MoveRecord; readonly previous: MoveState };
  'move-finished': { readonly move: MoveRecord; readonly durationMs: number };
  'redundant-move': { readonly move: MoveRecord };
  quarantined: Quarantine & { readonly regionId: string };
  'datanode-quarantined': Quarantine & { readonly datanode: string; readonly role: DatanodeRole };
  'foreign-moves': { readonly count: number; readonly undone: number; readonly detail: string };
  recovered: { readonly move: MoveRecord; readonly detail: string };
  paused: { readonly untilMs: number | null; readonly reason: string; readonly by: string };
  resumed: { readonly by: string };
  'drain-requested': OfDatanodes;
  'drain-ended': OfDatanodes;
  'cordon-requested': OfDatanodes;
  'cordon-ended': OfDatanodes;
  'quarantine-released': { readonly what: string; readonly by: string };
  'config-reloaded': { readonly changes: readonly string[] };
  'config-refused': { readonly detail: string };
  'cycle-finished': {
    readonly cycleId: number;
    readonly outcome: CycleOutcome;
    readonly durationMs: number;
    readonly moved: number;
    readonly detail: string;
  };
}

export type EventType = keyof EventFields;
export type RebalancerEvent = { [T in EventType]: { readonly type: T } & EventFields[T] }[EventType];
/** An event of one of the types as listeners get it: the bus adds number and time (ms since 1970). */
export type EventOf<Type extends EventType> = {
  [T in Type]: { readonly type: T; readonly id: number; readonly atMs: number } & EventFields[T];
}[Type];
export type StampedEvent = EventOf<EventType>;
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
