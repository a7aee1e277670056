import type { Problem } from '../problem.ts';
import type { Bounds, Units } from './costs.ts';
import type { Rows } from './rows.ts';

/**
 * Distances from a hub that connects to every column: `column[n]` of the cheapest way to take one region away somewhere and
 * give it to n, `row[t]` of the same up to table t. With them every residual step has a non-negative reduced cost.
 */
export interface Potentials {
  readonly column: Float64Array;
  readonly row: Float64Array;
}

/** Everything the search works on. */
export interface Search {
  readonly problem: Problem;
  readonly rows: Rows;
  readonly bounds: Bounds;
  readonly units: Units;
  readonly totals: Int32Array;
  readonly potentials: Potentials;
}
