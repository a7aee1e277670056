import type { Cluster, ClusterProfile } from '../../greptimedb/port.ts';

/** Opens the cluster as the configuration says; rejects with an OperatingError when it cannot be reached or understood. */
export type OpenCluster = (signal: AbortSignal) => Promise<Cluster>;

/**
 * The cluster, opened when first needed and kept, with all that was found out about it. It is dropped when an answer contradicts that:
 * a cluster may be upgraded under a daemon that runs for months.
 */
export class Connection {
  readonly #open: OpenCluster;
  #cluster: Cluster | undefined;
  #profile: ClusterProfile | undefined;

  constructor(open: OpenCluster) {
    this.#open = open;
  }

  /** What was found out when the cluster was last opened. */
  get profile(): ClusterProfile | undefined {
    return this.#profile;
  }

  /** The cluster, while it is open. */
  get opened(): Cluster | undefined {
    return this.#cluster;
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
}

/**
 * A cluster that cannot be told to migrate anything: what a dry run works with.
 *
 * @returns all the reads of `cluster`; `submitMigration` throws, because nothing may ever call it.
 */
export function readOnlyCluster(cluster: Cluster): Cluster {
  return withChanges(cluster, {
    submitMigration: () => {
      throw new Error('A dry run must not migrate anything');
    },
  });
}

/** The same cluster but for some of its calls: everything that is put in between goes through here. */
export function withChanges(cluster: Cluster, changes: Partial<Omit<Cluster, 'profile'>>): Cluster {
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
    submitMigration: (request, options) => cluster.submitMigration(request, options),
    close: () => cluster.close(),
    ...changes,
  };
}
