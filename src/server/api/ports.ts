import type { ExplainKind, Explanation } from '../../domain/explanation.ts';
import type { DatanodeId, RegionId } from '../../domain/ids.ts';
import type { MoveRecord } from '../../domain/move.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Readiness } from '../../observability/health.ts';
import type { AuditView, MatrixView, QueueView, RegionsView, SeriesView, StatusView } from './answers.ts';
import type { HistoryQuery, QueueQuery, RegionsQuery } from './inputs.ts';
import type { SeriesQuery } from './series.ts';

/**
 * What the server may see, from memory or from the store; nothing is changed. What looks at all regions does so in turns, so that other
 * requests are answered meanwhile.
 */
export interface ServerViews {
  status(): StatusView;
  /** The latest snapshot, or undefined before the first. The same object as long as it is the latest. */
  snapshot(): Snapshot | undefined;
  /** The latest plan, likewise. */
  plan(): Plan | undefined;
  /** Moves, the newest first, at most `query.limit`. */
  history(query: HistoryQuery): MaybePromise<readonly MoveRecord[]>;
  /** Why a region, table or datanode moves or stays; undefined when there is none of that id. A table also by `schema.table`. */
  explain(kind: ExplainKind, id: string): MaybePromise<Explanation | undefined>;
  readiness(): Readiness;
  /** Regions whose quarantine is not over, by region id. */
  quarantine(): MaybePromise<readonly QuarantinedRegion[]>;
  /** Regions by table and datanode, or undefined before the first plan. The same object as long as nothing changed. */
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

/** What the server may cause. An OperatingError that one of them throws is told to the client: see errors.ts. */
export interface ServerActions {
  pause(request: PauseRequest): MaybePromise<PauseState>;
  resume(request: ActionRequest): MaybePromise<void>;
  trigger(request: ActionRequest): MaybePromise<TriggerResult>;
  /** @throws OperatingError `unknown-datanode` when the cluster has no such datanode. */
  drain(request: DrainRequest): MaybePromise<DrainResult>;
  /** Ends drains that were asked for over the API. @throws OperatingError `not-draining`, `configured-drain`. */
  undrain(request: UndrainRequest): MaybePromise<UndrainResult>;
  /** Forgets a region's failures. */
  releaseQuarantine(request: ReleaseRequest): MaybePromise<{ readonly released: boolean }>;
}

export type MaybePromise<Value> = Value | Promise<Value>;

export interface ActionRequest {
  /** Who asked: the name that the client gave, with its address. */
  readonly by: string;
}

export interface PauseRequest extends ActionRequest {
  /** Absent: until somebody resumes. */
  readonly forMs?: number | undefined;
  readonly reason: string;
}

export interface PauseState {
  /** ms since 1970; null: until somebody resumes. */
  readonly untilMs: number | null;
  readonly reason: string;
  readonly by: string;
}

export type TriggerResult =
  | { readonly kind: 'started'; readonly cycleId: number }
  /** A cycle runs already. */
  | { readonly kind: 'running'; readonly cycleId: number }
  | { readonly kind: 'refused'; readonly detail: string };

export interface DrainRequest extends ActionRequest {
  readonly datanodes: readonly DatanodeId[];
  /** Only tell what would be moved. */
  readonly dryRun: boolean;
}

export interface DrainResult {
  /** All datanodes that drain now, or would. */
  readonly draining: readonly DatanodeId[];
  /** What would be moved, as far as the latest snapshot tells. */
  readonly plan?: Plan | undefined;
}

export interface UndrainRequest extends ActionRequest {
  readonly datanodes: readonly DatanodeId[];
}

export interface UndrainResult {
  /** All datanodes that still drain. */
  readonly draining: readonly DatanodeId[];
}

export interface ReleaseRequest extends ActionRequest {
  readonly regionId: RegionId;
}

/** A region that rests after failed migrations. */
export interface QuarantinedRegion {
  readonly regionId: RegionId;
  /** Failures since the last success. */
  readonly failures: number;
  /** ms since 1970. */
  readonly untilMs: number;
  readonly detail: string;
  /** The move that failed last, if it is known. */
  readonly move: MoveRecord | undefined;
}

/** A file of the web page, ready to be sent. */
export interface WebAsset {
  readonly body: Buffer;
  /** The content type. */
  readonly type: string;
  /** With its quotes. */
  readonly etag: string;
}

/** The files of the web page by their path (`/index.html`, `/assets/app-1a2b.js`); those under `/assets/` never change. */
export type WebAssets = ReadonlyMap<string, WebAsset>;
