type LockMode = 'Share' | 'Exclusive';

export interface LockKey {
  readonly mode: LockMode;
  /** For instance `__region_lock/4398046511104`. */
  readonly key: string;
}

interface Claim {
  readonly keys: readonly LockKey[];
  granted: boolean;
  readonly onGranted: () => void;
}

/**
 * The locks of procedures: first come, first served for each key, and a claim is granted with all its keys at once. Only the
 * leader's memory holds them, so a leader change starts with an empty table.
 */
export class LockTable {
  readonly #claims = new Map<string, Claim[]>();

  /** Calls `onGranted` at once or later; the returned function gives the claim back, granted or not. */
  claim(keys: readonly LockKey[], onGranted: () => void): () => void {
    const claim: Claim = { keys, granted: false, onGranted };
    for (const { key } of keys) {
      const queue = this.#claims.get(key);
      if (queue) queue.push(claim);
      else this.#claims.set(key, [claim]);
    }
    this.#tryGrant(claim);
    return () => this.#release(claim);
  }

  clear(): void {
    this.#claims.clear();
  }

  #tryGrant(claim: Claim): void {
    if (claim.granted || !claim.keys.every((key) => this.#isFree(key, claim))) return;
    claim.granted = true;
    claim.onGranted();
  }

  /** Whether no earlier claim on the key stands in the way. */
  #isFree(wanted: LockKey, claim: Claim): boolean {
    for (const earlier of this.#claims.get(wanted.key) ?? []) {
      if (earlier === claim) return true;
      const mode = earlier.keys.find(({ key }) => key === wanted.key)?.mode;
      if (wanted.mode === 'Exclusive' || mode === 'Exclusive') return false;
    }
    return true;
  }

  #release(claim: Claim): void {
    const waiting = new Set<Claim>();
    for (const { key } of claim.keys) {
      const queue = this.#claims.get(key);
      const at = queue?.indexOf(claim) ?? -1;
      if (!queue || at < 0) continue;
      queue.splice(at, 1);
      if (queue.length === 0) this.#claims.delete(key);
      for (const other of queue) if (!other.granted) waiting.add(other);
    }
    for (const other of waiting) this.#tryGrant(other);
  }
}

/** The keys as `procedure_info.lock_keys` prints them: shared ones first, each group in order. */
export function describeLocks(keys: readonly LockKey[]): string {
  const printed = (mode: LockMode): string[] =>
    keys
      .filter((lock) => lock.mode === mode)
      .map(({ key }) => `${mode}("${key}")`)
      .sort();
  return [...printed('Share'), ...printed('Exclusive')].join(',');
}
