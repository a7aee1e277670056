import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { CycleOutcome } from '../domain/codes.ts';
import type { Clock } from '../lib/clock.ts';
import type { EventSource } from '../observability/events.ts';

/** With more regions a full collection could hold up requests for longer than anybody should notice. */
const MOST_REGIONS = 50_000;
/** Cycles with work to do are followed by others soon; their garbage is for the ordinary collector. */
const QUIET: readonly CycleOutcome[] = ['balanced', 'blocked', 'planned', 'gated'];

/** Quiet cycles between two thorough collections: what the ordinary ones leave in pieces is put together. */
const THOROUGH_EVERY = 20;

type Flavor = 'regular' | 'last-resort';
type Collect = (options: { type: 'major'; execution: 'sync'; flavor: Flavor }) => void;

/**
 * Gives memory back to the operating system after each quiet cycle. V8 would rather keep what a snapshot once took, and a daemon that
 * reads ten thousand regions every half minute and has nothing to do would hold three times what it needs.
 *
 * @returns a function that ends it.
 */
export function spareMemory(events: EventSource, { clock }: { readonly clock: Clock }): () => void {
  const collect = collector();
  letYoungSpaceGrow(false);
  let regions = 0;
  /** Thorough, and twice as dear: V8 gives back the space for young objects too, which it need not let grow again while all is quiet. */
  let flavor: Flavor = 'last-resort';
  let quietCycles = 0;
  let cancel = (): void => undefined;
  const unsubscribe = events.subscribe((event) => {
    if (event.type === 'snapshot-taken') {
      regions = event.snapshot.regions.length;
      letYoungSpaceGrow(regions > MOST_REGIONS);
    }
    if (event.type !== 'cycle-finished') return;
    cancel();
    if (regions > MOST_REGIONS || !QUIET.includes(event.outcome)) {
      flavor = 'last-resort';
      return;
    }
    // Not within the cycle, whose own objects would be counted as living.
    cancel = clock.setTimer(0, () => {
      collect({ type: 'major', execution: 'sync', flavor });
      quietCycles += 1;
      flavor = quietCycles % THOROUGH_EVERY === 0 ? 'last-resort' : 'regular';
    });
  });
  return () => {
    unsubscribe();
    cancel();
    letYoungSpaceGrow(true);
  };
}

/** V8 doubles the space for young objects whenever much survives in it, up to 32 MB. */
function letYoungSpaceGrow(isGrowing: boolean): void {
  setFlagsFromString(`--semi-space-growth-factor=${isGrowing ? 2 : 1}`);
}

/** Node gives out its collector only behind a flag; a context that is made after the flag was set has it. */
function collector(): Collect {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return typeof collect === 'function' ? (collect as Collect) : (): void => undefined;
}
