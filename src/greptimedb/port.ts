import type { DatanodeId, ProcedureId, RegionId } from '../domain/ids.ts';
import type { MigrationRequest } from '../domain/migrate-call.ts';
import type { TableSelector } from '../domain/selector.ts';
import type { ClusterApi, Datanode, RegionStatus, Snapshot } from '../domain/snapshot.ts';

/**
 * What we need of a GreptimeDB cluster, whichever wire it speaks. Every call may reject with an OperatingError that names
 * endpoint, operation and cause, or with the signal's reason. None of the reads changes anything.
 */
export interface Cluster {
  readonly profile: ClusterProfile;
  /** Where every region of the wanted tables is, with all datanodes, empty ones too. */
  readSnapshot(options: ReadSnapshotOptions): Promise<Snapshot>;
  /** One region's route, read as fresh as the cluster allows. */
  readRegion(regionId: RegionId, options: CallOptions): Promise<RegionReading>;
  /** All datanodes with liveness. */
  readDatanodes(options: CallOptions): Promise<readonly Datanode[]>;
  /** What metasrv says about acting at this time. */
  readSafety(options: CallOptions): Promise<ClusterSafety>;
  /** Procedures that hold regions now, or `unsupported` before GreptimeDB 0.9.4. */
  listProcedures(options: CallOptions): Promise<readonly RegionProcedure[] | 'unsupported'>;
  /** A submitted migration's state. */
  readProcedure(procedureId: ProcedureId, options: CallOptions): Promise<ProcedureReading>;
  /**
   * Asks for one migration, once, without any retry. Never rejects for a reason of the cluster or the network: a request that
   * may have arrived is `unclear`. Rejects only when nothing reached GreptimeDB (for instance with the signal's reason). In a dry
   * run it refuses.
   */
  submitMigration(request: MigrationRequest, options: SubmitOptions): Promise<SubmitResult>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly signal: AbortSignal;
}

export interface SubmitOptions extends CallOptions {
  /** Asked right before the first byte leaves, once for each server that is tried; after a "no" nothing is sent. Default: always yes. */
  readonly mayStart?: (() => boolean) | undefined;
}

export interface ReadSnapshotOptions extends CallOptions {
  readonly selector: TableSelector;
}

/** What a cluster can do, found out by probing. */
export interface ClusterProfile {
  readonly api: ClusterApi;
  /** Reported by the cluster, or the oldest version that fits what was probed; empty when unknown. */
  readonly version: string;
  /** Features in words, for logs and `status`. */
  readonly features: readonly string[];
  /** Whether a submit for a region that already migrates is refused by the server (0.9.0 and later). */
  readonly refusesDuplicates: boolean;
}

export type RegionReading =
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'found';
      readonly leader: DatanodeId | null;
      readonly followers: readonly DatanodeId[];
      readonly status: RegionStatus;
      /** Datanodes that themselves say that they hold the region writable; absent where the cluster cannot tell (before 1.1). */
      readonly writableOn?: readonly DatanodeId[];
      /**
       * By how much this reading may lag behind, in ms, where all that the cluster offers is caches: a frontend that missed a
       * broadcast keeps a route for 10 minutes. Absent: read from where the truth is. See docs/compatibility.md.
       */
      readonly staleByAtMostMs?: number;
    };

export interface ClusterSafety {
  readonly maintenance: boolean | 'unknown';
  readonly procedureManager: 'running' | 'paused' | 'unknown';
}

export interface RegionProcedure {
  readonly procedureId: ProcedureId;
  /** GreptimeDB's own type name, for instance `metasrv-procedure::RegionMigration`. */
  readonly type: string;
  readonly isRegionMigration: boolean;
  /** Still holding or waiting for its locks. Finished ones are listed for 10 to 20 minutes more. */
  readonly active: boolean;
  readonly regionIds: readonly RegionId[];
  /** As the server names it: `Running`, `Retrying`, `Done` … */
  readonly status: string;
  /** ms since 1970; 0 while it waits for locks. */
  readonly startedAtMs: number;
}

/** Why the cluster refused a migration. Nothing was started. */
export type RefusalCode =
  | 'peer-unavailable'
  | 'already-running'
  | 'leader-changed'
  | 'follower-on-target'
  | 'region-gone'
  | 'logical-table'
  | 'not-leader'
  | 'invalid'
  | 'access-denied';

export type SubmitResult =
  | { readonly kind: 'accepted'; readonly procedureId: ProcedureId }
  | { readonly kind: 'already-there' }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string }
  /** The request may or may not have arrived and started something. Look at the cluster; do not send it again. */
  | { readonly kind: 'unclear'; readonly message: string };

export type ProcedureReading =
  | {
      readonly kind: 'active';
      readonly status: 'running' | 'retrying' | 'rolling-back';
      readonly error?: string;
    }
  /** Says nothing about where the region is: `Done` may not have moved, `Failed` may have. */
  | { readonly kind: 'ended'; readonly status: 'done' | 'failed'; readonly error?: string }
  /** Never registered, forgotten (10 to 20 minutes after its end, or by a leader change), or not yet known. Not a verdict. */
  | { readonly kind: 'not-found' }
  | { readonly kind: 'unsupported' };
