import type { DatanodeId } from '../domain/ids.ts';
import { compareIds } from '../domain/ids.ts';
import type { Datanode } from '../domain/snapshot.ts';

/** What a datanode is for: `hybrid`, `ingest`, `query`. Where it takes everything, or nothing is told, it is left out. */
export type Workloads = readonly string[];

interface Listed {
  readonly addrs: ReadonlyMap<DatanodeId, string>;
  readonly workloads: ReadonlyMap<DatanodeId, Workloads>;
}

const MAX_WORKLOADS = 16;

/** Undefined unless it is a list of words that says more than that the datanode takes everything. */
export function readWorkloads(value: unknown): Workloads | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_WORKLOADS) return undefined;
  const words = value.map((each) => String(each).toLowerCase());
  return words.includes('hybrid') ? undefined : words;
}

/** Gathers datanodes from several sources. The first address that is not empty wins. */
export class DatanodeCollection {
  readonly #addrs = new Map<DatanodeId, string>();
  readonly #workloads = new Map<DatanodeId, Workloads>();

  add(id: DatanodeId, addr: string): void {
    if (this.#addrs.get(id)) return;
    this.#addrs.set(id, addr);
  }

  /** Adds what the cluster lists, with what each datanode is for. */
  addListed({ addrs, workloads }: Listed): void {
    for (const [id, addr] of addrs) this.add(id, addr);
    for (const [id, kinds] of workloads) this.#workloads.set(id, kinds);
  }

  ids(): IterableIterator<DatanodeId> {
    return this.#addrs.keys();
  }

  conclude(isAlive: (id: DatanodeId) => boolean): Datanode[] {
    return [...this.#addrs]
      .map(([id, addr]): Datanode => {
        const workloads = this.#workloads.get(id);
        return { id, addr, status: isAlive(id) ? 'alive' : 'dead', ...(workloads && { workloads }) };
      })
      .sort((a, b) => compareIds(a.id, b.id));
  }
}
