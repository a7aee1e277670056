/** One table's exchange: which regions may leave which columns, and which columns lack regions. */
export interface Exchange {
  /** Groups of regions that may leave, each with how many of them must. The cheapest to move come first. */
  readonly sources: readonly { readonly regions: readonly number[]; readonly give: number }[];
  /** Columns that lack regions, and how many. */
  readonly takers: readonly { readonly column: number; readonly lack: number }[];
  readonly mayLead: (region: number, column: number) => boolean;
}

/**
 * Chooses which regions leave and where each goes, such that none goes where it must not: a maximum flow from sources through
 * regions to takers, by breadth-first augmenting paths.
 *
 * @returns the taker's column per region, or undefined when no complete choice exists.
 */
export function matchRegions(exchange: Exchange): Map<number, number> | undefined {
  const state: MatchState = {
    exchange,
    sourceOf: new Map(
      exchange.sources.flatMap(({ regions }, source) =>
        regions.map((region): [number, number] => [region, source]),
      ),
    ),
    takerOf: new Map(),
    room: exchange.takers.map(({ lack }) => lack),
  };
  for (const [source, { give }] of exchange.sources.entries()) {
    let left = give;
    while (left > 0) {
      if (!sendOne(state, source)) return undefined;
      left -= 1;
    }
  }
  return new Map([...state.takerOf].map(([region, taker]) => [region, exchange.takers[taker]!.column]));
}

interface MatchState {
  readonly exchange: Exchange;
  readonly sourceOf: ReadonlyMap<number, number>;
  /** Index of the taker that each leaving region goes to. */
  readonly takerOf: Map<number, number>;
  readonly room: number[];
}

/** How the search came to a taker: `region` would go there, and came from `previous` (a taker that it leaves) or afresh. */
interface Step {
  readonly region: number;
  /** The taker that this region leaves for the new one, or -1 when it stayed at its source before. */
  readonly leaves: number;
  /** A region that stays at its source after all, so that `region` of the same source may leave in its place; or -1. */
  readonly insteadOf: number;
}

/** Makes one more region leave `source`, re-arranging others where that is needed. */
function sendOne(state: MatchState, source: number): boolean {
  const { exchange, takerOf, room } = state;
  const reachedBy: (Step | undefined)[] = exchange.takers.map(() => undefined);
  const queue: number[] = [];
  const openSources = new Set<number>();
  const visit = (region: number, leaves: number, insteadOf: number): void => {
    exchange.takers.forEach(({ column }, taker) => {
      if (reachedBy[taker] || taker === leaves || !exchange.mayLead(region, column)) return;
      reachedBy[taker] = { region, leaves, insteadOf };
      queue.push(taker);
    });
  };
  const openSource = (index: number, leaves: number, insteadOf: number): void => {
    if (openSources.has(index)) return;
    openSources.add(index);
    for (const region of exchange.sources[index]!.regions)
      if (!takerOf.has(region)) visit(region, leaves, insteadOf);
  };
  openSource(source, -1, -1);
  // The queue grows while it is walked.
  for (const taker of queue) {
    if (room[taker]! > 0) {
      room[taker]! -= 1;
      applySteps(state, reachedBy, taker);
      return true;
    }
    for (const [region, current] of takerOf) {
      if (current !== taker) continue;
      visit(region, taker, -1);
      openSource(state.sourceOf.get(region)!, taker, region);
    }
  }
  return false;
}

function applySteps({ takerOf }: MatchState, reachedBy: readonly (Step | undefined)[], last: number): void {
  let taker = last;
  while (taker !== -1) {
    const step = reachedBy[taker]!;
    if (step.insteadOf !== -1) takerOf.delete(step.insteadOf);
    takerOf.set(step.region, taker);
    taker = step.leaves;
  }
}
