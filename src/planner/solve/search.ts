import type { Problem } from '../problem.ts';
import type { Bounds, Units } from './costs.ts';
import type { FollowerRow } from './follower-row.ts';
import type { Rows } from './rows.ts';

/**
 * Distances from a hub that connects to every column: `column[n]` of the cheapest way to take one region away somewhere and
 * give it to n, `row[t]` of the same up to table t. With them every residual step has a non-negative reduced cost.
 */
interface Potentials {
  readonly column: Float64Array;
  readonly row: Float64Array;
}

/** Everything the search works on. */
export interface Search {
  readonly problem: Problem;
  readonly rows: Rows;
  readonly followerRows: readonly FollowerRow[];
  readonly bounds: Bounds;
  readonly units: Units;
  /** Regions per column. */
  readonly totals: Int32Array;
  readonly potentials: Potentials;
}

/**
 * A placement in numbers, with the proof of how good it is.
 *
 * The problem is a transportation problem with convex costs: rows ship their regions to columns; a cell pays for table-spread
 * violation and for moves, a column for node-spread violation. A placement is optimal exactly when its residual graph has no
 * negative cycle, and the shortest distances in that graph are a certificate of it: see {@link Potentials}. (Ahuja, Magnanti,
 * Orlin: Network Flows, 1993, theorem 9.1 and chapter 14.)
 */
export interface Solution extends Search {
  /** True when the potentials prove that no placement is better; false when the budget ended the search. */
  readonly proven: boolean;
  /** Moves of the placement. */
  readonly moves: number;
  /** A lower bound on the moves of any placement that is as balanced as can be. Equal to `moves` when proven. */
  readonly minimumMoves: number;
}
