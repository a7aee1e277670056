import type { ServerTime } from '../cluster/time.ts';
import { LockTable } from './locks.ts';
import type { LockKey } from './locks.ts';

type ProcedureStatus = 'Running' | 'Retrying' | 'PrepareRollback' | 'RollingBack' | 'Done' | 'Failed';

/** A procedure as the leading metasrv keeps it in memory. */
export interface Procedure {
  readonly id: string;
  readonly type: string;
  readonly locks: readonly LockKey[];
  status: ProcedureStatus;
  /** Server time; 0 while it waits for locks. */
  startMs: number;
  /** Server time; 0 until it ends. */
  endMs: number;
  error: string | null;
}

export function newProcedure(id: string, type: string, locks: readonly LockKey[]): Procedure {
  return { id, type, locks, status: 'Running', startMs: 0, endMs: 0, error: null };
}

const KEPT_MS = 10 * 60_000;
const PURGE_INTERVAL_MS = 10 * 60_000;

/** Registers procedures, grants their locks and remembers the finished ones for 10 to 20 minutes. */
export class ProcedureManager {
  readonly #time: ServerTime;
  readonly #maxRunning: number;
  readonly #locks = new LockTable();
  readonly #procedures = new Map<string, Procedure>();
  #startedAtMs: number;

  constructor(options: { maxRunning: number; startedAtMs: number }, dependencies: { time: ServerTime }) {
    this.#maxRunning = options.maxRunning;
    this.#startedAtMs = options.startedAtMs;
    this.#time = dependencies.time;
  }

  /** Takes a procedure on and calls `run` once it holds its locks. False when too many run or wait. */
  register(procedure: Procedure, run: () => void): boolean {
    if (this.#locks.size >= this.#maxRunning) return false;
    this.#purge();
    this.#procedures.set(procedure.id, procedure);
    this.#locks.claim(procedure.id, procedure.locks, () => {
      procedure.startMs = this.#time.now();
      run();
    });
    return true;
  }

  finish(procedure: Procedure, status: 'Done' | 'Failed', error: string | null): void {
    procedure.status = status;
    procedure.error = error;
    procedure.endMs = this.#time.now();
    this.#locks.release(procedure.id);
  }

  /** Undefined for one that never was registered, or is forgotten. */
  find(id: string): Procedure | undefined {
    const procedure = this.#procedures.get(id);
    return procedure && this.#isForgotten(procedure) ? undefined : procedure;
  }

  /** All that are still known, in the order of their registration. */
  list(): Procedure[] {
    this.#purge();
    return [...this.#procedures.values()];
  }

  /** The leader's memory is gone: locks, running and finished procedures. */
  forgetAll(): void {
    this.#procedures.clear();
    this.#locks.clear();
  }

  /** A new leader begins its purge rounds. */
  restart(): void {
    this.#startedAtMs = this.#time.now();
  }

  #isForgotten(procedure: Procedure): boolean {
    if (procedure.endMs === 0) return false;
    const dueMs = procedure.endMs + KEPT_MS - this.#startedAtMs;
    const purgedAtMs = this.#startedAtMs + Math.ceil(dueMs / PURGE_INTERVAL_MS) * PURGE_INTERVAL_MS;
    return this.#time.now() >= purgedAtMs;
  }

  #purge(): void {
    for (const procedure of this.#procedures.values())
      if (this.#isForgotten(procedure)) this.#procedures.delete(procedure.id);
  }
}
