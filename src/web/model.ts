import { useEffect, useState } from 'preact/hooks';
import type { MoveView } from '../observability/event-view.ts';
import type { AuditView, MatrixView, RegionsView, StatusView } from '../server/api/answers.ts';

export type { AuditView, MatrixView, MoveView, RegionsView, StatusView };
export type RegionCell = RegionsView['regions'][number];

/** What the page knows. Every change makes a new object; parts that did not change stay the same ones. */
export interface Model {
  readonly connection: 'connecting' | 'live' | 'lost';
  /** What went wrong with the connection. */
  readonly problem: string | null;
  readonly needsToken: boolean;
  readonly status: StatusView | null;
  /** Server's time minus this machine's, in ms. */
  readonly clockOffsetMs: number;
  readonly matrix: MatrixView | null;
  /** Every region, where there are not too many to show each. */
  readonly regions: RegionsView | null;
  /** Rises with every new overview, for explanations that stay open. */
  readonly overviewRevision: number;
  /** Rises when moves ended, for what is fetched only where it is shown. */
  readonly movesRevision: number;
  readonly cyclesRevision: number;
  readonly auditRevision: number;
}

export const INITIAL: Model = {
  connection: 'connecting',
  problem: null,
  needsToken: false,
  status: null,
  clockOffsetMs: 0,
  matrix: null,
  regions: null,
  overviewRevision: 0,
  movesRevision: 0,
  cyclesRevision: 0,
  auditRevision: 0,
};

/** More are shown as bars, not one by one. */
export const MAX_CELLS = 5_000;

export interface Store {
  get(): Model;
  set(change: Partial<Model>): void;
  subscribe(listener: () => void): () => void;
}

export function createStore(): Store {
  let model = INITIAL;
  const listeners = new Set<() => void>();
  return {
    get: () => model,
    set(change) {
      model = { ...model, ...change };
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** A part of the model; renders again only when that part is another. */
export function useModel<Part>(store: Store, select: (model: Model) => Part): Part {
  const [part, setPart] = useState(() => select(store.get()));
  useEffect(() => {
    const update = (): void => setPart(() => select(store.get()));
    update();
    return store.subscribe(update);
  }, [store]);
  return part;
}

/** The model after a move ended: a region changes its place at once, without asking for everything again. */
export function applyMove(model: Model, move: MoveView): Partial<Model> {
  const { matrix, regions } = model;
  return {
    ...(regions && { regions: { ...regions, regions: moveRegion(regions.regions, move) } }),
    ...(matrix && move.state === 'succeeded' && { matrix: moveCount(matrix, move) }),
  };
}

function moveRegion(regions: readonly RegionCell[], { regionId, to, state }: MoveView): RegionCell[] {
  return regions.map((region) =>
    region.id === regionId
      ? { ...region, target: null, reason: null, leader: state === 'succeeded' ? to : region.leader }
      : region,
  );
}

function moveCount(matrix: MatrixView, { tableId, from, to }: MoveView): MatrixView {
  const columns = [
    [matrix.datanodes.indexOf(from), -1],
    [matrix.datanodes.indexOf(to), 1],
  ] as const;
  const tables = matrix.tables.map((table) => {
    if (table.id !== tableId) return table;
    const cells = [...table.cells];
    for (const [column, change] of columns) {
      for (let at = 0; at < cells.length; at += 3)
        if (cells[at] === column) cells[at + 1] = Math.max(0, (cells[at + 1] ?? 0) + change);
    }
    return { ...table, cells };
  });
  return { ...matrix, tables };
}
