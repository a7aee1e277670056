import type { z } from 'zod';
import type { ExplainKind, Explanation } from '../../domain/explanation.ts';
import type { MoveRecord } from '../../domain/move.ts';
import type { Plan } from '../../domain/plan.ts';
import type { Snapshot } from '../../domain/snapshot.ts';
import type { Readiness } from '../../observability/health.ts';
import type {
  AuditView,
  CordonedView,
  DrainingView,
  DrainView,
  MatrixView,
  QuarantineView,
  QueueView,
  RegionsView,
  SeriesView,
  StatusView,
} from './answers.ts';
import type { datanodesBody, drainBody, plainBody, releaseBody } from './inputs.ts';
import type { HistoryQuery, QueueQuery, RegionsQuery, SeriesQuery } from './inputs.ts';

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
  /** Regions and datanodes whose quarantine is not over, by id. */
  quarantine(): MaybePromise<QuarantineView>;
  /** Regions by table and datanode, or undefined before the first plan. The same object as long as nothing changed. */
  matrix(): Promise<MatrixView | undefined>;
  /** Regions of the latest snapshot with where the plan moves them, or undefined before the first. */
  regions(query: RegionsQuery): Promise<RegionsView | undefined>;
  /** Moves of the latest plan that have not begun, in their order. */
  queue(query: QueueQuery): QueueView;
  /** Skew and moves over time. */
  series(query: SeriesQuery): Promise<SeriesView>;
  /** Who did what to the rebalancer, the newest first. */
  audit(limit: number): AuditView['entries'];
}

/**
 * What the server may cause. `by` is who asked: the name that the client gave, with its address. An OperatingError that one of them
 * throws is told to the client: see errors.ts.
 */
export interface ServerActions {
  /** Without `forMs` until somebody resumes. */
  pause(
    request: Pick<PauseState, 'reason' | 'by'> & { readonly forMs?: number | undefined },
  ): MaybePromise<PauseState>;
  /** Ends a pause. `resumed` is false when there was none. */
  resume(request: Asked<typeof plainBody>): MaybePromise<{ readonly resumed: boolean }>;
  trigger(request: Asked<typeof plainBody>): MaybePromise<TriggerResult>;
  /** @throws OperatingError `unknown-datanode` when the cluster has no such datanode. */
  drain(request: DrainRequest): MaybePromise<DrainView>;
  /** Ends drains that were asked for over the API. @throws OperatingError `not-draining`, `configured-drain`. */
  undrain(request: DatanodesRequest): MaybePromise<DrainingView>;
  /** They keep what they lead and receive nothing. @throws OperatingError `unknown-datanode` when the cluster has no such datanode. */
  cordon(request: DatanodesRequest): MaybePromise<CordonedView>;
  /** Ends cordons that were asked for over the API. @throws OperatingError `not-cordoned`, `configured-cordon`. */
  uncordon(request: DatanodesRequest): MaybePromise<CordonedView>;
  /** Forgets the failures of a region or a datanode. */
  releaseQuarantine(request: Asked<typeof releaseBody>): MaybePromise<{ readonly released: boolean }>;
}

type Asked<Body extends z.ZodType> = z.output<Body> & { readonly by: string };

export type DatanodesRequest = Asked<typeof datanodesBody>;
export type DrainRequest = Asked<typeof drainBody>;

export type MaybePromise<Value> = Value | Promise<Value>;

export interface PauseState {
  /** ms since 1970; null: until somebody resumes. */
  readonly untilMs: number | null;
  readonly reason: string;
  readonly by: string;
}

export type TriggerResult =
  /** While `paused` it only plans. */
  | { readonly kind: 'started'; readonly cycleId: number; readonly paused?: PauseState | undefined }
  /** A cycle runs already. */
  | { readonly kind: 'running'; readonly cycleId: number }
  | { readonly kind: 'refused'; readonly detail: string };

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
