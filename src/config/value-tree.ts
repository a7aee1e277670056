import { isObject } from '../domain/json-file.ts';
import { placeText, valueAt } from '../domain/schema-problems.ts';
import type { Place } from '../domain/schema-problems.ts';

/** A level of the configuration before it is checked. */
export type Values = Record<string, unknown>;

/** Where a value was given. */
export interface Origin {
  /** As errors show it: `rebalancer.yaml:12:14`, `GREPTIME_REBALANCER_LOG__LEVEL`. */
  readonly label: string;
  /** Relative paths start here. */
  readonly folder: string;
}

/** The values of file, environment and command line, merged, each with the place that it came from. */
export class ValueTree {
  #root: unknown;
  readonly #fallback: Origin;
  readonly #origins = new Map<string, Origin>();
  readonly #keyLabels = new Map<string, string>();

  /** @param fallback the origin of what no source gave. */
  constructor(fallback: Origin) {
    this.#root = {};
    this.#fallback = fallback;
  }

  get root(): unknown {
    return this.#root;
  }

  /** Takes the values of a file. The other two methods add where they stand in it. */
  setRoot(root: unknown): void {
    this.#root = root;
  }

  setOrigin(place: Place, origin: Origin): void {
    this.#origins.set(placeText(place), origin);
  }

  setKeyLabel(place: Place, label: string): void {
    this.#keyLabels.set(placeText(place), label);
  }

  /**
   * Puts a value over whatever stands at `place`, with its origin. Where a parent is no map (which is a problem of its own)
   * nothing changes.
   */
  override(place: readonly string[], value: unknown, origin: Origin): void {
    const last = place.at(-1);
    const parent = this.#openParent(place);
    if (last === undefined || !parent) return;
    parent[last] = value;
    this.#forget(placeText(place));
    this.setOrigin(place, origin);
    this.setKeyLabel(place, origin.label);
  }

  valueAt(place: Place): unknown {
    return valueAt(this.#root, place);
  }

  /** The origin of the value, or of the nearest level above that has one. */
  originOf(place: Place): Origin {
    for (let length = place.length; length > 0; length -= 1) {
      const origin = this.#origins.get(placeText(place.slice(0, length)));
      if (origin) return origin;
    }
    return this.#origins.get(placeText([])) ?? this.#fallback;
  }

  labelOf(place: Place): string {
    return this.originOf(place).label;
  }

  /** Where the key itself stands, rather than its value. */
  keyLabelOf(place: Place): string {
    return this.#keyLabels.get(placeText(place)) ?? this.labelOf(place);
  }

  #openParent(place: readonly string[]): Values | undefined {
    this.#root ??= {};
    let level: unknown = this.#root;
    for (const part of place.slice(0, -1)) {
      if (!isValues(level)) return undefined;
      level = level[part] ??= {};
    }
    return isValues(level) ? level : undefined;
  }

  #forget(text: string): void {
    for (const known of this.#origins.keys())
      if (known.startsWith(`${text}.`) || known.startsWith(`${text}[`)) this.#origins.delete(known);
  }
}

export function isValues(value: unknown): value is Values {
  return isObject(value);
}
