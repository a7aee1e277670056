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
  /** Whether regions are shown as they are, or as the plan leaves them. */
  readonly when: When;
  /** Each rises when there is more of it, for what is fetched only where it is shown. */
  readonly revisions: Readonly<Record<Topic, number>>;
}

export type When = 'now' | 'after';

/** `plan`: a new one; `moves` and `cycles`: some have ended; `audit`: somebody did something. */
export type Topic = 'plan' | 'moves' | 'cycles' | 'audit';

const INITIAL: PageState = {
  connection: 'connecting',
  problem: null,
  status: null,
  clockOffsetMs: 0,
  nowMs: 0,
  matrix: null,
  regions: null,
  when: 'now',
  revisions: { plan: 0, moves: 0, cycles: 0, audit: 0 },
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
