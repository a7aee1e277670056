import type { DatanodeId, RegionId, TableId } from '../../domain/ids.ts';
import type { AuditView, MatrixView, QueueView, RegionsView, SeriesView } from './overview-schemas.ts';

/** Overviews of clusters of any size, each from memory or the store. What looks at all regions does so in turns. */
export interface OverviewViews {
  /** Regions by table and datanode, or undefined before the first snapshot. The same object as long as nothing changed. */
  matrix(): Promise<MatrixView | undefined>;
  /** Regions of the latest snapshot with where the plan moves them, or undefined before the first. */
  regions(query: RegionsQuery): Promise<RegionsView | undefined>;
  /** Moves of the latest plan that have not begun, in their order. */
  queue(query: QueueQuery): QueueView;
  /** Skew and moves over time. */
  series(query: SeriesQuery): Promise<SeriesView>;
  /** Who did what to the rebalancer, the newest first. */
  audit(limit: number): AuditView;
}

export interface RegionsQuery {
  readonly limit: number;
  /** Led by it, or to be moved to it. */
  readonly datanodeId?: DatanodeId | undefined;
  readonly tableId?: TableId | undefined;
  readonly regionId?: RegionId | undefined;
  /** Only those that the plan moves. */
  readonly moving: boolean;
}

export interface QueueQuery {
  readonly limit: number;
  readonly offset: number;
  /** As source or target. */
  readonly datanodeId?: DatanodeId | undefined;
  /** A part of `catalog.schema.table`, or of a region's id. */
  readonly text?: string | undefined;
}

export interface SeriesQuery {
  /** How far back, in ms. */
  readonly rangeMs: number;
  /** At most so many steps. */
  readonly points: number;
}
