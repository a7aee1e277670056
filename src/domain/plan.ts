import type { BlockerCode, MoveReason } from './codes.ts';
import type { DatanodeId, RegionId, TableId } from './ids.ts';

/** What to move, why, and how good that is. The file format of `plan -o json`, `plan --out` and `apply`. */
export interface Plan {
  readonly formatVersion: 1;
  /** `sha256:` and 64 hexadecimal digits over moves, snapshot and policy. */
  readonly planId: string;
  /** Hashes of what the plan was made from; with them `planId` can be checked from the file alone. */
  readonly inputs?: { readonly snapshot: string; readonly policy: string };
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly snapshotTakenAt: string;
  readonly objective: 'count';
  readonly moves: readonly Move[];
  /** No plan that reaches the same balance has fewer moves: a proven lower bound. */
  readonly minimumMoves: number;
  /** Whether this plan meets the bound. */
  readonly optimal: boolean;
  readonly before: Balance;
  readonly after: Balance;
  readonly blocked: readonly Blocker[];
}

/** One region, from its leader to another datanode. */
export interface Move {
  /** 1-based position in the plan. */
  readonly seq: number;
  readonly regionId: RegionId;
  readonly tableId: TableId;
  /** `catalog.schema.table` */
  readonly table: string;
  readonly from: DatanodeId;
  readonly to: DatanodeId;
  readonly reason: MoveReason;
  /** One sentence for a person. */
  readonly detail: string;
}

/** How even a placement is. Skew is max minus min over the targets, each count divided by weight where weights differ. */
export interface Balance {
  /** The skew of the most skewed table. */
  readonly tableSkewMax: number;
  /** The skew of the datanodes' totals. */
  readonly nodeSkew: number;
  /** Regions above ceil or below floor, summed over tables and targets. */
  readonly tableSpreadViolation: number;
  /** The same for the datanodes' totals. */
  readonly nodeSpreadViolation: number;
  /** Regions in scope that draining datanodes still lead. */
  readonly regionsOnDraining: number;
  readonly datanodes: readonly DatanodeBalance[];
}

export interface DatanodeBalance {
  readonly id: DatanodeId;
  /** Regions in scope that it leads. */
  readonly regions: number;
  readonly state: DatanodeState;
  readonly weight: number;
}

/** `target`: alive and may receive regions. */
export type DatanodeState = 'target' | 'draining' | 'cordoned' | 'dead';

/** Why a region stays, or goes to a worse place than it should. */
export interface Blocker {
  readonly code: BlockerCode;
  readonly regionId?: RegionId;
  readonly tableId?: TableId;
  readonly datanodeId?: DatanodeId;
  readonly detail: string;
}
