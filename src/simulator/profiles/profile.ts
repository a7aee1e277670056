/**
 * What differs between GreptimeDB versions on the wire and in behaviour, as facts. Read from the public sources at each tag; each
 * profile is its predecessor with the differences named.
 */
export interface Profile {
  readonly version: string;
  /** Leader lease of metasrv: also how long a cluster is without a leader when the old one vanishes. */
  readonly leaderLeaseMs: number;
  /** The leader keeps a datanode's statistics of every n-th heartbeat. */
  readonly statFlushBeats: number;
  /**
   * Metasrv records migrations in the table `greptime_private.events`, which comes into being with the first one, and knows who asked for
   * each (0.16 and later).
   */
  readonly migrationEvents: boolean;
  readonly admin: AdminFacts;
  readonly sql: SqlFacts;
  readonly migration: MigrationFacts;
}

export interface AdminFacts {
  /** Routes, catalogs, tables and migration over metasrv HTTP (0.5.1 to 0.7.2). */
  readonly legacy: LegacyAdminFacts | null;
  /** `cluster_id` is a required parameter of node-lease and a field of leases and heartbeats (up to 0.12). */
  readonly clusterId: boolean;
  /** Leases tell workloads (0.15 and later). */
  readonly workloads: boolean;
  readonly heartbeat: 'legacy' | 'sized' | 'current';
  /** `legacy`: 0.7.2; `text`: 0.8 to 0.14; `json`: later. */
  readonly maintenance: 'none' | 'legacy' | 'text' | 'json';
  /** `/admin/procedure-manager/*`, `/admin/maintenance/enable|disable` (0.15.5 and later). */
  readonly procedureManager: boolean;
  /** The second, axum-served port (0.15.5 and later). */
  readonly httpPort: HttpPortFacts | null;
}

interface LegacyAdminFacts {
  readonly replayTimeout: boolean;
  /** `/admin/route` answers a JSON string that contains JSON (up to 0.6). */
  readonly doubleEncodedRoute: boolean;
  readonly leaderDownSince: boolean;
}

interface HttpPortFacts {
  /** Errors of maintenance and procedure-manager become 404; leases and heartbeats are text/plain (0.15.5 and 0.16). */
  readonly early: boolean;
}

export interface SqlFacts {
  /** Successes say `"code":0` (up to 0.6). */
  readonly codeInSuccess: boolean;
  /** Errors arrive with HTTP 200 (up to 0.7.0). */
  readonly errorsAre200: boolean;
  /** 1005 answers 200 and 7006 answers 401 (0.7 and 0.8). */
  readonly oldStatusMap: boolean;
  readonly totalRows: boolean;
  /** Errors come with their text, and not with the time they took, as a header (0.12 and later). */
  readonly errorMessageHeader: boolean;
  readonly dbInForm: boolean;
  /** `DROP DATABASE` (0.7.2 and later). */
  readonly dropDatabase: boolean;
  readonly functions: SqlFunctionFacts | null;
  /** `tables` has sizes, times and create_options (0.9 and later). */
  readonly longTables: LongTableFacts | null;
  /** `public.numbers`, which has no regions (up to 0.17). */
  readonly numbersTable: boolean;
  readonly partitions: PartitionFacts | null;
  readonly regionPeers: RegionPeerFacts | null;
  readonly clusterInfo: 'plain' | 'detailed' | null;
  readonly regionStatistics: readonly string[] | null;
  readonly regionInfo: boolean;
  readonly procedureInfo: boolean;
}

interface SqlFunctionFacts {
  readonly form: 'SELECT' | 'ADMIN';
  readonly defaultTimeoutS: number;
  /** How a text of metasrv reaches the client. */
  readonly wrapping: 'bare' | 'nested' | 'plain' | 'coded';
}

export type TimeType = 'DateTime' | 'TimestampMicrosecond' | 'TimestampSecond';

export interface LongTableFacts {
  readonly timeType: TimeType;
  /** `update_time` is told (1.0 and later). */
  readonly updateTime: boolean;
}

interface PartitionFacts {
  readonly createTimeType: TimeType;
  /** Columns and bounds are told apart (1.0 and later). */
  readonly splitExpression: boolean;
}

export interface RegionPeerFacts {
  readonly name: 'greptime_region_peers' | 'region_peers';
  readonly tableColumns: boolean;
  readonly followers: boolean;
  /** The first row of a table that fails a predicate hides the rest of the table (before 1.0.0). */
  readonly predicateBug: boolean;
  readonly logicalRows: 'repeated' | 'renumbered';
  readonly downgradedWord: 'DOWNGRADED' | 'DOWNGRADING';
  readonly staging: boolean;
}

export interface MigrationFacts {
  /** How long the candidate may take to open; `budget` is max(budget / 2, region lease). */
  readonly openTimeoutMs: number | 'budget';
  readonly preFlush: boolean;
  readonly closeDowngraded: boolean;
  /** A procedure that cannot go on is rolled back (0.12 and later); before, it stays as it is. */
  readonly rollback: boolean;
  /** A target that already follows the region needs no opening (up to 0.11). */
  readonly followerShortcut: boolean;
  readonly catalogLocks: boolean;
  readonly tableLock: 'none' | 'share' | 'exclusive';
  readonly duplicateRefused: boolean;
  readonly refusesFollower: boolean;
  readonly alreadyThere: 'null' | 'error';
  readonly namesActualLeader: boolean;
  /** A dead peer is told as an internal error, which SQL masks (up to 0.16). */
  readonly deadPeerIsInternal: boolean;
  readonly rootCauseErrors: boolean;
  readonly maxRunning: number | null;
}
