import type { Config } from '../config/config.ts';
import type { BlockerCode, CycleOutcome } from '../domain/codes.ts';
import type { ExplainKind } from '../domain/explanation.ts';
import type { Plan } from '../domain/plan.ts';
import type { Snapshot } from '../domain/snapshot.ts';
import type { PlanBasis } from '../domain/what-if.ts';
import type { ExplainAnswer } from './api-schemas.ts';
import type { ProgressSource } from './render/progress-model.ts';

/**
 * What the command line needs of the program behind it. Every call rejects with an OperatingError on failure, with a UsageError
 * when the operator asked for something that cannot be, and with the signal's reason when it aborts.
 */
export interface AppPort {
  /** Reads a cluster once. */
  snapshot(config: Config, call: Call): Promise<Snapshot>;
  /** Plans, and moves nothing. */
  plan(request: PlanRequest, call: Call): Promise<PlanAnswer>;
  /** Executes exactly the moves of `plan`, each checked again first. */
  apply(config: Config, plan: Plan, call: WatchedCall): Promise<WorkResult>;
  /** One cycle. */
  once(config: Config, call: WatchedCall): Promise<WorkResult>;
  /** Cycles until the datanodes lead nothing in scope, or nothing more can be moved. */
  drain(config: Config, datanodes: readonly string[], call: WatchedCall): Promise<DrainVerdict>;
  /** Why a region, table or datanode moves or stays; undefined when there is none of that id. */
  explain(request: ExplainRequest, call: Call): Promise<ExplainAnswer | undefined>;
  /** The daemon: resolves after a graceful stop. */
  run(request: RunRequest, call: Call): Promise<void>;
  /** Serves a simulated cluster until the signal aborts. */
  simulate(request: SimulateRequest, call: Call): Promise<void>;
  /** Simulated cluster, daemon and web page in one process. */
  demo(request: DemoRequest, call: WatchedCall): Promise<DemoResult>;
}

export interface Call {
  readonly signal: AbortSignal;
}

export interface WatchedCall extends Call {
  /** Called once, before work begins, with the events to show. */
  readonly watch: (events: ProgressSource) => void;
}

export interface PlanRequest {
  readonly config: Config;
  /** Absent: the cluster is read. */
  readonly snapshot?: Snapshot | undefined;
  /** Imagined changes, applied before planning. */
  readonly adjust: (basis: PlanBasis) => PlanBasis;
}

export interface PlanAnswer {
  /** As it was planned from, imagined changes included. */
  readonly snapshot: Snapshot;
  readonly plan: Plan;
}

export interface ExplainRequest extends PlanRequest {
  readonly kind: ExplainKind;
  readonly id: string;
}

/** How one cycle, or one applied plan, went. */
export interface WorkResult {
  readonly outcome: CycleOutcome;
  readonly moved: number;
  /** Moves that were begun and did not succeed. */
  readonly failed: number;
  /** A sentence for a person; may be empty. */
  readonly detail: string;
  /** The plan that was worked on. */
  readonly plan?: Plan | undefined;
}

export interface DrainVerdict {
  readonly moved: number;
  readonly failed: number;
  /** True when nothing was to be moved because of `execution.dryRun`. */
  readonly dryRun: boolean;
  readonly datanodes: readonly DrainedDatanode[];
}

export interface DrainedDatanode {
  readonly id: string;
  /** The regions that it still leads. */
  readonly left: readonly LeftRegion[];
}

export interface LeftRegion {
  readonly regionId: string;
  readonly table: string;
  /** Why it is still there. */
  readonly code?: BlockerCode | undefined;
  readonly detail: string;
}

export interface RunRequest {
  readonly config: Config;
  /** Reads the configuration again, from the same places. */
  readonly reload: () => Promise<Config>;
  /** The file to watch for changes. */
  readonly file?: string | undefined;
  /** Calls back on SIGHUP; the returned function ends that. */
  readonly onHangup: (listener: () => void) => () => void;
}

export interface SimulateRequest {
  readonly profile: string;
  readonly datanodes: number;
  /** Further datanodes, without regions. */
  readonly emptyDatanodes: number;
  readonly tables: number;
  /** Of each table. */
  readonly regions: number;
  readonly metasrvs: number;
  readonly frontends: number;
  readonly migrationTimeMs: number;
  readonly seed: string;
  readonly faults?: string | undefined;
  /** Of the first server; the others take the next free ones. 0: all are free ones. */
  readonly port: number;
  /** Gets lines for a person: where the servers listen, and a configuration for them. */
  readonly say: (line: string) => void;
}

export interface DemoRequest {
  /** 0: any free one. Absent: the usual one, or any free one when that is taken. */
  readonly port?: number | undefined;
  readonly profile?: string | undefined;
  readonly seed?: string | undefined;
  /** End once balanced. */
  readonly exit: boolean;
  readonly timeoutMs: number;
  readonly say: (line: string) => void;
  /** Shows a plan. */
  readonly show: (answer: PlanAnswer) => void;
}

export interface DemoResult {
  readonly balanced: boolean;
  readonly detail: string;
}
