import type { DatanodeId } from '../domain/ids.ts';
import { compareIds } from '../domain/ids.ts';
import type { Datanode } from '../domain/snapshot.ts';

/** Gathers datanodes from several sources. The first address that is not empty wins. */
export class DatanodeCollection {
  readonly #addrs = new Map<DatanodeId, string>();

  add(id: DatanodeId, addr: string): void {
    if (this.#addrs.get(id)) return;
    this.#addrs.set(id, addr);
  }

  ids(): IterableIterator<DatanodeId> {
    return this.#addrs.keys();
  }

  conclude(isAlive: (id: DatanodeId) => boolean): Datanode[] {
    return [...this.#addrs]
      .map(([id, addr]): Datanode => ({ id, addr, status: isAlive(id) ? 'alive' : 'dead' }))
      .sort((a, b) => compareIds(a.id, b.id));
  }
}
