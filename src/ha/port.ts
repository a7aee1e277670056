/**
 * Who of several replicas leads. A replica leads while it knows, by its own monotonic clock, that nobody else can have taken the lock.
 *
 * Beside the lock lies a note: one text that only the holder of the lock can change, and that its successor reads.
 */
export interface LeaderElection {
  /** Begins to compete. */
  start(): void;
  /**
   * The number of the term in which this replica leads now, or undefined while it does not. A replica that lost the lock, or could not
   * renew it in time, begins a new term when it gets it again: somebody else may have led meanwhile.
   */
  term(): number | undefined;
  /** Who leads, as far as was read within the last lease; null when nobody does or nothing could be read. */
  holder(): string | null;
  /** Called whenever {@link term} changed. The returned function ends that. */
  onChange(listener: () => void): () => void;
  /** @throws OperatingError when the lock's server cannot be asked. */
  readNote(signal: AbortSignal): Promise<string | undefined>;
  /**
   * Writes the note if, and only if, this replica still holds the lock: the answer is a fresh proof of leadership.
   *
   * @returns false when somebody else holds the lock; the term is over then.
   * @throws OperatingError when the lock's server cannot be asked.
   */
  writeNote(text: string, signal: AbortSignal): Promise<boolean>;
  /** Gives the lock back, so that another replica need not wait. Safe to call twice. */
  stop(): Promise<void>;
}

/** The rules of client-go (tools/leaderelection): `retryPeriodMs` < `renewDeadlineMs` < `leaseDurationMs`. */
export interface ElectionTiming {
  /** How long a lock is respected that nobody renews. */
  readonly leaseDurationMs: number;
  /** A leader that could not renew for so long stops leading. The rest of the lease is the margin for clocks that run unequally. */
  readonly renewDeadlineMs: number;
  /** How often the lock is renewed, or tried for. */
  readonly retryPeriodMs: number;
}

export type LockReading =
  /** Taken or renewed just now. `term` is another one whenever the lock was not ours in between. */
  | { readonly kind: 'held'; readonly term: string }
  | {
      readonly kind: 'lost';
      readonly holder: string | null;
      /** When it may be taken if nobody renews it until then, in ms from now, where that is known. */
      readonly freeInMs?: number;
    };

/** A lock with a lease, on a server that all replicas share. One call at a time, except for notes. */
export interface Lock {
  /** Takes the lock if it is free, renews it if it is ours. @throws OperatingError when that cannot be known. */
  acquireOrRenew(signal: AbortSignal): Promise<LockReading>;
  readNote(signal: AbortSignal): Promise<string | undefined>;
  /** @returns false when the lock is not ours any more, or in another term than `term`; nothing was written then. */
  writeNote(text: string, term: string, signal: AbortSignal): Promise<boolean>;
  /** Gives the lock back if it is ours. */
  release(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Notes are small: etcd takes 1.5 MiB in a request, Kubernetes 256 KiB of annotations. */
export const MAX_NOTE_CHARACTERS = 200_000;

/** The replica's name, as people know it. An instance is that name and a UUID: leases belong to processes. */
export function displayName(instance: string): string | null {
  const name = instance.replace(/_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, '');
  return name === '' ? null : name.slice(0, 256);
}
