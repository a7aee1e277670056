import { compareIds } from '../domain/ids.ts';
import type { DatanodeId } from '../domain/ids.ts';
import { OperatingError } from '../domain/errors.ts';
import type { Datanode } from '../domain/snapshot.ts';
import type { ListedNode, LiveNodes, NodeWatch } from './liveness.ts';
import type { WarningListener } from './options.ts';

interface DatanodeSources {
  /** Datanodes to list even where the cluster cannot name them. */
  readonly expected: readonly DatanodeId[];
  /** Metasrv's leases, where it is configured. */
  readonly leases: NodeWatch | undefined;
  /** `cluster_info`; undefined where the cluster has none. */
  readonly clusterInfo: () => NodeWatch | undefined;
  /** The message of the error when the lists name none. */
  readonly nobody: string;
  readonly onWarning: WarningListener;
}

/** Lists datanodes from `cluster_info` and metasrv's leases, as far as there are any. A word from either proves a datanode alive. */
export class Datanodes {
  readonly #sources: DatanodeSources;

  constructor(sources: DatanodeSources) {
    this.#sources = sources;
  }

  /** Whether anything but routes and configuration lists datanodes. */
  get hasList(): boolean {
    return this.#sources.leases !== undefined || this.#sources.clusterInfo() !== undefined;
  }

  /** @param routed datanodes that routes name, with their addresses. */
  async read(routed: ReadonlyMap<DatanodeId, string>, signal: AbortSignal): Promise<Datanode[]> {
    const { expected, nobody } = this.#sources;
    const lists = await this.#readLists([...routed.keys(), ...expected], signal);
    const listed = lists.flatMap(({ nodes }) => [...nodes]);
    if (lists.length > 0 && listed.length === 0) throw new OperatingError('no-datanodes', nobody);
    const all = [
      ...listed,
      ...[...routed].map(([id, addr]) => [id, { addr }] as const),
      ...expected.map((id) => [id, { addr: '' }] as const),
    ];
    // 0.7 without metasrv cannot tell who lives. It refuses a migration from or to a dead datanode itself.
    const isAlive = (id: DatanodeId): boolean =>
      lists.length === 0 || lists.some(({ alive }) => alive.has(id));
    return [...Map.groupBy(all, ([id]) => id)]
      .map(([id, entries]) =>
        toDatanode(
          id,
          entries.map(([, node]) => node),
          isAlive(id),
        ),
      )
      .sort((a, b) => compareIds(a.id, b.id));
  }

  async #readLists(known: readonly DatanodeId[], signal: AbortSignal): Promise<LiveNodes[]> {
    const { leases, clusterInfo, onWarning } = this.#sources;
    const info = clusterInfo();
    if (!leases) return info ? [await info.settled(known, signal)] : [];
    if (!info) return [await leases.settled(known, signal)];
    try {
      return await Promise.all([leases.settled(known, signal), info.now(signal)]);
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      onWarning('The leases of the datanodes could not be read from metasrv', { error });
      return [await info.settled(known, signal)];
    }
  }
}

/** The first address that is not empty wins; the last list that tells what it is for. */
function toDatanode(id: DatanodeId, nodes: readonly ListedNode[], isAlive: boolean): Datanode {
  const addr = nodes.find((node) => node.addr !== '')?.addr ?? '';
  const workloads = nodes.findLast((node) => node.workloads)?.workloads;
  return { id, addr, status: isAlive ? 'alive' : 'dead', ...(workloads && { workloads }) };
}
