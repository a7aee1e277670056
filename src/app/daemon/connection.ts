import type { RequestSample } from '../../greptimedb/options.ts';
import type { Cluster, ClusterProfile } from '../../greptimedb/port.ts';
import type { Clock } from '../../lib/clock.ts';

/** Opens the cluster as the configuration says; rejects with an OperatingError when it cannot be reached or understood. */
type OpenCluster = (signal: AbortSignal) => Promise<Cluster>;

const PROBE_EVERY_MS = 10_000;

/**
 * The cluster, opened when first needed and kept, with all that was found out about it. It is dropped when an answer contradicts that:
 * a cluster may be upgraded under a daemon that runs for months. Follows whether GreptimeDB answers, by the requests that are made anyway.
 */
export class Connection {
  readonly #open: OpenCluster;
  readonly #clock: Clock;
  #cluster: Cluster | undefined;
  #profile: ClusterProfile | undefined;
  /** On the monotonic clock. */
  #unansweredSinceMs: number | undefined;

  constructor(open: OpenCluster, clock: Clock) {
    this.#open = open;
    this.#clock = clock;
  }

  /** What was found out when the cluster was last opened. */
  get profile(): ClusterProfile | undefined {
    return this.#profile;
  }

  async get(signal: AbortSignal): Promise<Cluster> {
    this.#cluster ??= await this.#open(signal);
    this.#profile = this.#cluster.profile;
    return this.#cluster;
  }

  async drop(): Promise<void> {
    const cluster = this.#cluster;
    this.#cluster = undefined;
    await cluster?.close();
  }

  noteRequest({ outcome, isAnswered, durationMs }: RequestSample): void {
    if (outcome === 'ok') this.#unansweredSinceMs = undefined;
    // A server that reports an error has answered, if to no avail.
    else if (!isAnswered) this.#unansweredSinceMs ??= this.#clock.monotonicMs() - durationMs;
  }

  /** How long no request has been answered, in ms; 0 while they are. */
  silentMs(): number {
    return this.#unansweredSinceMs === undefined ? 0 : this.#clock.monotonicMs() - this.#unansweredSinceMs;
  }

  /**
   * Between two cycles nothing is asked, perhaps for minutes: a small request now and then shows whether it would be answered.
   *
   * @returns a function that ends it.
   */
  startProbes(isIdle: () => boolean): () => void {
    const stopping = new AbortController();
    const { signal } = stopping;
    const probe = async (): Promise<void> => {
      const cluster = isIdle() ? this.#cluster : undefined;
      // Its outcome is noted where every request's is.
      if (cluster)
        await Promise.allSettled([cluster.listProcedures({ signal }), cluster.readSafety({ signal })]);
      if (!signal.aborted) wait();
    };
    let cancel = (): void => undefined;
    const wait = (): void => {
      cancel = this.#clock.setTimer(PROBE_EVERY_MS, () => void probe());
    };
    wait();
    return () => {
      cancel();
      stopping.abort();
    };
  }
}

/**
 * A cluster that cannot be told to migrate anything: what a dry run works with.
 *
 * @returns all the reads of `cluster`; `submitMigration` throws, because nothing may ever call it.
 */
export function readOnlyCluster(cluster: Cluster): Cluster {
  return withSubmit(cluster, () => {
    throw new Error('A dry run must not migrate anything');
  });
}

/** The same cluster, which submits migrations in another way. */
export function withSubmit(cluster: Cluster, submitMigration: Cluster['submitMigration']): Cluster {
  return {
    get profile() {
      return cluster.profile;
    },
    readSnapshot: (options) => cluster.readSnapshot(options),
    readRegion: (regionId, options) => cluster.readRegion(regionId, options),
    readDatanodes: (options) => cluster.readDatanodes(options),
    readSafety: (options) => cluster.readSafety(options),
    listProcedures: (options) => cluster.listProcedures(options),
    readProcedure: (procedureId, options) => cluster.readProcedure(procedureId, options),
    submitMigration,
    close: () => cluster.close(),
  };
}
