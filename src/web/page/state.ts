import type { MatrixView, RegionsView, StatusView } from '../../server/api/answers.ts';

/** What the page knows. Every change makes a new object; parts that did not change stay the same ones. */
export interface PageState {
  /** `locked`: nothing is shown without the token. */
  readonly connection: 'connecting' | 'live' | 'lost' | 'locked';
  /** What went wrong with the connection. */
  readonly problem: string | null;
  readonly status: StatusView | null;
  /** The server's time minus this machine's, in ms. */
  readonly clockOffsetMs: number;
  /** The server's time, in ms since 1970; another one every second. */
  readonly nowMs: number;
  readonly matrix: MatrixView | null;
  /** Every region, where there are not too many to show each. */
  readonly regions: RegionsView | null;
  /** Rises with every plan, for explanations that stay open. */
  readonly planRevision: number;
  /** Rises when moves ended, for what is fetched only where it is shown. */
  readonly movesRevision: number;
  readonly cyclesRevision: number;
  readonly auditRevision: number;
}

const INITIAL: PageState = {
  connection: 'connecting',
  problem: null,
  status: null,
  clockOffsetMs: 0,
  nowMs: 0,
  matrix: null,
  regions: null,
  planRevision: 0,
  movesRevision: 0,
  cyclesRevision: 0,
  auditRevision: 0,
};

export interface Store {
  get(): PageState;
  set(change: Partial<PageState>): void;
  subscribe(listener: () => void): () => void;
}

export function createStore(): Store {
  let state = INITIAL;
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    set(change) {
      state = { ...state, ...change };
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
