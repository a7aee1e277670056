import type { Outcome } from '../domain/codes.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { Move } from '../domain/plan.ts';
import type { Cluster } from '../greptimedb/port.ts';
import type { Clock } from '../lib/clock.ts';
import type { EventSink } from '../observability/events.ts';
import type { Store } from '../store/port.ts';
import type { ClosedGate, Standing } from './gates.ts';
import type { WatchMemory } from './judge.ts';
import type { ExecutorOptions } from './options.ts';

export interface ExecutorDependencies {
  readonly cluster: Cluster;
  readonly store: Store;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Asked right before every intent, and again at the first byte of its request. */
  readonly standing: () => Standing;
  /**
   * Kept by whoever makes one executor after the other: a move that ran out of time is looked at once per cycle, and what can be told
   * of it rests on how long it has looked the same. Default: a new one.
   */
  readonly watchMemories?: WatchMemories;
}

/** What all parts of one executor share. */
export interface ExecutorParts extends ExecutorDependencies {
  readonly options: ExecutorOptions;
  readonly watchMemories: WatchMemories;
}

/** What looks at moves without an end have shown so far, by move id. */
export type WatchMemories = Map<number, WatchMemory>;

export interface ExecutionContext {
  readonly planId: string;
  readonly cycleId: number;
  /** The most migrations to submit. */
  readonly limit: number;
}

/** What came of one move of the list. */
export interface Attempted {
  readonly move: MoveRecord;
  /** Whether a migration was, or may have been, asked for. */
  readonly wasSubmitted: boolean;
  /** Why the rest of the list must not be begun; mostly empty. */
  readonly closed: readonly ClosedGate[];
}

export interface ExecutionReport {
  /** Every move that was begun, in order. One that the process had to leave has no final state. */
  readonly records: readonly MoveRecord[];
  readonly counts: Readonly<Record<Outcome, number>>;
  /** Migrations that were, or may have been, submitted. */
  readonly submitted: number;
  /** Moves of the list that were not begun. */
  readonly remaining: number;
  /** The gates that forbid the rest of the list; empty when it was worked to its end. */
  readonly closed: readonly ClosedGate[];
}

/** A move whose end is not known. */
export interface OpenMove {
  readonly move: MoveRecord;
  /** When true, nothing at all may be submitted meanwhile; when false, only this region is left alone. */
  readonly mayStillRun: boolean;
  readonly detail: string;
}

export interface RecoveryReport {
  /** Moves of which the end was found out now. */
  readonly resolved: readonly MoveRecord[];
  readonly open: readonly OpenMove[];
  /** The signal aborted before all were looked at. */
  readonly stopped: boolean;
}

export interface Executor {
  /**
   * Carries out moves one after the other, each checked before and proved after. Unresolved moves are looked at first.
   *
   * @throws OperatingError of the store: what could not be written down is not done, or is found again by {@link recover}.
   */
  execute(moves: readonly Move[], context: ExecutionContext, signal: AbortSignal): Promise<ExecutionReport>;
  /**
   * Finds out what became of moves that have no known end: all that a former process left, and those that timed out. Never sends
   * a mutating request. Call it at the start and before every cycle; it returns at once when there is nothing to find out.
   *
   * @throws OperatingError of the store.
   */
  recover(signal: AbortSignal): Promise<RecoveryReport>;
  /** Every gate that would stop a move now. @throws the signal's reason, and OperatingErrors of the store. */
  closedGates(limit: number, signal: AbortSignal): Promise<readonly ClosedGate[]>;
}
