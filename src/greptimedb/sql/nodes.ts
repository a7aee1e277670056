import type { DatanodeId } from '../../domain/ids.ts';
import { OperatingError } from '../../domain/errors.ts';
import type { Datanode } from '../../domain/snapshot.ts';
import { DatanodeCollection } from '../datanodes.ts';
import type { LeaseLiveness, LiveNodes } from '../liveness.ts';
import type { WarningListener } from '../options.ts';
import { isClusterError } from './client.ts';
import { ClusterInfoWatch } from './cluster-info.ts';
import type { SqlSources } from './sources.ts';

export interface SqlNodesDependencies {
  readonly sources: SqlSources;
  /** Leases from metasrv, where it is configured too. */
  readonly leases: LeaseLiveness | undefined;
  readonly onWarning: WarningListener;
}

/** Lists datanodes from `cluster_info` and, where metasrv is configured, its leases. A word from either proves a datanode alive. */
export class SqlNodes {
  readonly #dependencies: SqlNodesDependencies;
  readonly #expected: readonly DatanodeId[];
  readonly #watch: ClusterInfoWatch;

  constructor(expected: readonly DatanodeId[], dependencies: SqlNodesDependencies) {
    const { sources } = dependencies;
    this.#dependencies = dependencies;
    this.#expected = expected;
    this.#watch = new ClusterInfoWatch(sources.client.caller.clock, (signal) => sources.clusterInfo(signal));
  }

  /** @param routed datanodes that routes name, with their addresses. */
  async read(routed: ReadonlyMap<DatanodeId, string>, signal: AbortSignal): Promise<Datanode[]> {
    const lists = await this.#readLists([...routed.keys(), ...this.#expected], signal);
    const datanodes = new DatanodeCollection();
    for (const list of lists) datanodes.addListed(list);
    const listed = [...datanodes.ids()].length;
    for (const [id, addr] of routed) datanodes.add(id, addr);
    for (const id of this.#expected) datanodes.add(id, '');
    if (lists.length > 0 && listed === 0) throw nobody();
    // 0.7 without metasrv cannot tell who lives. It refuses a migration from or to a dead datanode itself.
    return datanodes.conclude((id) => lists.length === 0 || lists.some(({ alive }) => alive.has(id)));
  }

  /** Whether anything but routes and configuration lists datanodes. */
  get hasList(): boolean {
    return this.#dependencies.leases !== undefined || this.#dependencies.sources.has('cluster_info');
  }

  async #readLists(known: readonly DatanodeId[], signal: AbortSignal): Promise<LiveNodes[]> {
    const { leases, sources } = this.#dependencies;
    const hasInfo = sources.has('cluster_info');
    if (!leases) return hasInfo ? [await this.#watch.settled(known, signal)] : [];
    try {
      const lists = [leases.read(known, signal), ...(hasInfo ? [this.#watch.now(signal)] : [])];
      return await Promise.all(lists);
    } catch (error) {
      if (!isClusterError(error) || !hasInfo) throw error;
      this.#dependencies.onWarning('The leases of the datanodes could not be read from metasrv', { error });
      return [await this.#watch.settled(known, signal)];
    }
  }
}

function nobody(): OperatingError {
  return new OperatingError(
    'no-datanodes',
    'The cluster lists no datanode: wanted at least one in information_schema.cluster_info. Has a datanode started?',
  );
}
