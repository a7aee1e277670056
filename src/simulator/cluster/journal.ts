/** Who asked for a migration. */
export type MigrationReason = 'Manual' | 'Failover' | 'OtherMover';

export type Operation = 'migrate-region' | 'maintenance' | 'procedure-manager';

interface MigrationFacts {
  readonly procedureId: string;
  readonly regionId: string;
  readonly from: string;
  readonly to: string;
  readonly reason: MigrationReason;
}

/** What happened, as an outside observer with perfect sight would tell it. `atMs` is the servers' wall clock. */
type SimHappening =
  | {
      readonly kind: 'mutating-request';
      readonly target: string;
      readonly operation: Operation;
      readonly detail: string;
      readonly regionId?: string;
      readonly from?: string;
      readonly to?: string;
      /** `lost`: never executed because a fault took the request away. */
      readonly verdict: 'accepted' | 'already-there' | 'refused' | 'lost';
      readonly procedureId?: string;
      readonly message?: string;
    }
  /** Resumed: taken up again by a new leader. */
  | ({ readonly kind: 'migration-started'; readonly resumed: boolean } & MigrationFacts)
  | {
      readonly kind: 'migration-step';
      readonly procedureId: string;
      readonly regionId: string;
      readonly step: string;
    }
  | ({
      readonly kind: 'migration-ended';
      /** `lost`: forgotten, by a leader change or because it never was registered. */
      readonly status: 'Done' | 'Failed' | 'lost';
      /** Whether this migration moved the region, whatever its status says. */
      readonly moved: boolean;
      /** The real leader afterwards; null when the region is gone or has none. */
      readonly leader: string | null;
      readonly error?: string;
    } & MigrationFacts)
  | { readonly kind: 'leader-lost' | 'leader-elected'; readonly metasrv: number }
  | { readonly kind: 'fault'; readonly name: string; readonly target: string }
  | { readonly kind: 'operator'; readonly action: string; readonly detail: string };

export type SimEvent = SimHappening & { readonly seq: number; readonly atMs: number };
export type SimEventListener = (event: SimEvent) => void;

/** Keeps the last `limit` events and tells each one to the listeners as it happens. */
export class Journal {
  readonly #limit: number;
  readonly #now: () => number;
  readonly #listeners = new Set<SimEventListener>();
  #events: SimEvent[] = [];
  #nextSeq = 1;

  constructor(options: { limit: number }, dependencies: { now: () => number }) {
    this.#limit = options.limit;
    this.#now = dependencies.now;
  }

  /** The oldest first. */
  get events(): readonly SimEvent[] {
    return this.#events;
  }

  /** The returned function unsubscribes. */
  onEvent(listener: SimEventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  record(happening: SimHappening): void {
    const event: SimEvent = { ...happening, seq: this.#nextSeq++, atMs: this.#now() };
    this.#events.push(event);
    if (this.#events.length > this.#limit * 2) this.#events = this.#events.slice(-this.#limit);
    for (const listener of this.#listeners) listener(event);
  }
}
