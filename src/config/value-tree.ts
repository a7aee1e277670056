import { resolve } from 'node:path';
import { isObject } from '../domain/json-file.ts';
import { placeText, valueAt } from '../domain/schema-problems.ts';
import type { Place } from '../domain/schema-problems.ts';
import { CONFIG_KEYS } from './config.ts';
import type { YamlReading } from './yaml-file.ts';

export interface ConfigFile {
  /** As errors show it. */
  readonly name: string;
  /** Relative paths in the file start here. */
  readonly folder: string;
  readonly text: string;
}

/** A value that stands over the file's. */
export interface Override {
  readonly place: readonly string[];
  readonly value: unknown;
  /** Where it was given, as errors show it: `GREPTIME_REBALANCER_LOG__LEVEL`. */
  readonly label: string;
}

/** The values of file, environment and command line, merged, each with the place that it came from. */
export class ValueTree {
  #root: unknown;
  readonly #file: (ConfigFile & { readonly yaml: YamlReading }) | undefined;
  readonly #cwd: string;
  readonly #overrides: Override[] = [];

  /** @param cwd where relative paths of environment and command line start; without a file, also those of defaults. */
  constructor(file: (ConfigFile & { readonly yaml: YamlReading }) | undefined, cwd: string) {
    this.#file = file;
    this.#cwd = cwd;
    this.#root = file?.yaml.value ?? {};
  }

  get root(): unknown {
    return this.#root;
  }

  valueAt(place: Place): unknown {
    return valueAt(this.#root, place);
  }

  override(override: Override): void {
    this.setValue(override.place, override.value);
    this.#overrides.push(override);
  }

  /** Where a parent is no map (which is a problem of its own) nothing changes. */
  setValue(place: readonly string[], value: unknown): void {
    let level = this.#root;
    for (const part of place.slice(0, -1)) {
      if (!isValues(level)) return;
      level = level[part] ??= {};
    }
    const last = place.at(-1);
    if (last !== undefined && isValues(level)) level[last] = value;
  }

  /** Relative paths belong to where they were written; those of defaults to the file. */
  makePathsAbsolute(): void {
    for (const { path, isPath, fallback } of CONFIG_KEYS) {
      if (isPath !== true) continue;
      const place = path.split('.');
      const given = this.valueAt(place);
      const [value, folder] =
        given === undefined ? [fallback, this.#folderOf([])] : [given, this.#folderOf(place)];
      if (typeof value === 'string' && value.trim() !== '') this.setValue(place, resolve(folder, value));
    }
  }

  /** Where a relative path that is given at `place` starts. */
  #folderOf(place: Place): string {
    return this.#overrideOf(place) ? this.#cwd : (this.#file?.folder ?? this.#cwd);
  }

  /** An offset in the file, as errors show it; without one, the file as a whole. */
  labelAt(offset?: number): string {
    if (!this.#file) return 'configuration';
    return offset === undefined ? this.#file.name : `${this.#file.name}:${this.#file.yaml.position(offset)}`;
  }

  /** Where the value, or the nearest level above it, was given: `rebalancer.yaml:12:14`, or the name of a variable. */
  labelOf(place: Place): string {
    const override = this.#overrideOf(place);
    if (override) return override.label;
    for (let length = place.length; length >= 0; length -= 1) {
      const spot = this.#file?.yaml.spots.get(placeText(place.slice(0, length)));
      if (spot) return this.labelAt(spot.offset);
    }
    return this.labelAt();
  }

  /** Where the key itself stands, rather than its value. */
  keyLabelOf(place: Place): string {
    const spot = this.#overrideOf(place) ? undefined : this.#file?.yaml.spots.get(placeText(place));
    return spot?.keyOffset === undefined ? this.labelOf(place) : this.labelAt(spot.keyOffset);
  }

  /** The override that gave the value: the last one for it or for a level above it. */
  #overrideOf(place: Place): Override | undefined {
    return this.#overrides.findLast((override) =>
      override.place.every((part, index) => part === place[index]),
    );
  }
}

/** A level of the configuration before it is checked. */
export function isValues(value: unknown): value is Record<string, unknown> {
  return isObject(value);
}
