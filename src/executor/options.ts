/** What the configuration says of moves. All times in milliseconds. */
export interface ExecutorOptions {
  /** Sent with every migration; see `MigrationRequest.replayTimeoutMs`. */
  readonly replayTimeoutMs: number;
  /** How long one migration is watched before it counts as timed out. It is looked after further on. */
  readonly moveTimeoutMs: number;
  /** The longest time between two looks. Young migrations are looked at more often: see {@link pollDelayMs}. At least 1. */
  readonly pollIntervalMs: number;
  readonly pauseBetweenMovesMs: number;
  /** A region rests this long after it was moved. */
  readonly regionCooldownMs: number;
  /** A region rests this long after its first failure, twice as long after the second, and so on up to the longest. */
  readonly quarantine: { readonly baseMs: number; readonly maxMs: number };
  readonly maxSnapshotAgeMs: number;
  /** The least share of datanodes that must be alive, 0 to 1. */
  readonly minAliveShare: number;
  readonly maxConsecutiveFailures: number;
  /** 0: no limit. */
  readonly maxMovesPerHour: number;
  /** How many undone moves are too many, and how far back they count. */
  readonly thrash: { readonly undoneMoves: number; readonly windowMs: number };
}

/** What follows from GreptimeDB and is not configured. All in milliseconds. */
export const SERVER_TIMES = {
  /**
   * How long a procedure may be unknown to the cluster before that counts: registration happens after the id is given out
   * (GreptimeDB RM/manager.rs), and a new metasrv leader reloads what ran (CP/local.rs).
   */
  forgottenGraceMs: 60_000,
  /**
   * How long a reading that says "not moved" must hold after the end: frontends answer from cached routes, and the broadcast that
   * renews them comes after the procedure's end or not at all. Not waited for where datanodes themselves confirm the reading.
   */
  staleReadMs: 60_000,
  /**
   * How long a request without an answer may still arrive, where procedures can be listed: the frontend sends up to four times with
   * 10 s each (MC/client/procedure.rs, `ddl_timeout`), doubled for what lies between.
   */
  submitSettleMs: 80_000,
  /** How long to wait for a migration of somebody else before the rest of the cycle is left undone. */
  foreignWaitMs: 60_000,
  /** How long recovery tries to reach a cluster that does not answer before it leaves the move for the next cycle. */
  recoverPatienceMs: 30_000,
  /** How far the servers' clocks may be from ours. */
  clockSkewMs: 60_000,
} as const;

/** 12 retries with doubling delays from 0.5 s to 60 s and up to 25 % noise (CP/local/runner.rs; MS/metasrv.rs). */
const SERVER_RETRY_DELAYS_MS = 455_000;
/** Each of the 13 tries waits up to 10 s for the target to open the region (RM/open_candidate_region.rs, v0.13 to v0.17). */
const SERVER_OPEN_TRIES_MS = 13 * 10_000;
/** The region's lease of 10 s that is waited out, and the steps of the rollback. */
const SERVER_REST_MS = 15_000;

/**
 * How long a migration may go on in the server without any sign on the route: after that, a region that stands where it stood was
 * not, and will not be, moved by it. 15 minutes with the default replay timeout.
 */
export function serverWorstCaseMs(replayTimeoutMs: number): number {
  return SERVER_RETRY_DELAYS_MS + SERVER_OPEN_TRIES_MS + SERVER_REST_MS + replayTimeoutMs;
}

const SHORTEST_POLL_MS = 200;
/** Looking this often, as a share of the time so far, finds the end of a migration at most 2 % too late. */
const POLL_SHARE = 0.02;

/** How long to wait before the next look at a migration that has run for `elapsedMs`. */
export function pollDelayMs(elapsedMs: number, pollIntervalMs: number): number {
  const shortest = Math.min(SHORTEST_POLL_MS, pollIntervalMs);
  return Math.max(1, Math.min(pollIntervalMs, Math.max(shortest, Math.ceil(elapsedMs * POLL_SHARE))));
}

/** How long a region rests after its `failures`-th failure in a row. */
export function quarantineDelayMs(
  failures: number,
  { quarantine: { baseMs, maxMs } }: Pick<ExecutorOptions, 'quarantine'>,
): number {
  const doublings = Math.min(Math.max(failures - 1, 0), 40);
  return Math.min(maxMs, baseMs * 2 ** doublings);
}
