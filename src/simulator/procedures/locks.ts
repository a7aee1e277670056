type LockMode = 'Share' | 'Exclusive';

export interface LockKey {
  readonly mode: LockMode;
  /** For instance `__region_lock/4398046511104`. */
  readonly key: string;
}

interface Claim {
  readonly keys: readonly LockKey[];
  readonly onGranted: () => void;
  isGranted: boolean;
}

/**
 * The locks of procedures: first come, first served for each key, and a claim is granted with all its keys at once. Only the
 * leader's memory holds them, so a leader change starts with an empty table.
 */
export class LockTable {
  /** By owner, in the order of asking. */
  readonly #claims = new Map<string, Claim>();

  /** How many claims are granted or wait. */
  get size(): number {
    return this.#claims.size;
  }

  /** Calls `onGranted` at once or later. */
  claim(owner: string, keys: readonly LockKey[], onGranted: () => void): void {
    this.#claims.set(owner, { keys, onGranted, isGranted: false });
    this.#grant();
  }

  /** Gives a claim back, granted or not. */
  release(owner: string): void {
    this.#claims.delete(owner);
    this.#grant();
  }

  clear(): void {
    this.#claims.clear();
  }

  /** Grants every claim that no earlier one stands in the way of. */
  #grant(): void {
    const earlier = new Map<string, LockMode>();
    for (const claim of [...this.#claims.values()]) {
      const isFree = claim.keys.every(({ key, mode }) => {
        const held = earlier.get(key);
        return held === undefined || (held === 'Share' && mode === 'Share');
      });
      for (const { key, mode } of claim.keys) if (earlier.get(key) !== 'Exclusive') earlier.set(key, mode);
      if (claim.isGranted || !isFree) continue;
      claim.isGranted = true;
      claim.onGranted();
    }
  }
}

/** What every procedure about a table of a schema holds. */
export function schemaLocks({ catalog, schema }: { catalog: string; schema: string }): LockKey[] {
  return [
    { mode: 'Share', key: `__catalog_lock/${catalog}` },
    { mode: 'Share', key: `__schema_lock/${catalog}.${schema}` },
  ];
}

/** The keys as `procedure_info.lock_keys` prints them: shared ones first, each group in order. */
export function describeLocks(keys: readonly LockKey[]): string {
  const printed = (wanted: LockMode): string[] =>
    keys
      .filter(({ mode }) => mode === wanted)
      .map(({ mode, key }) => `${mode}("${key}")`)
      .sort();
  return [...printed('Share'), ...printed('Exclusive')].join(',');
}
