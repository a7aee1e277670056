import type { Snapshot } from '../src/domain/snapshot.ts';
import { createPrng } from '../src/lib/prng.ts';
import type { Prng } from '../src/lib/prng.ts';
import { snapshotOf } from '../test/support/random-case.ts';

/** The n-th heaviest region has a load of 1/n. */
export function withZipf(snapshot: Snapshot, prng: Prng = createPrng('zipf')): Snapshot {
  const ranks = snapshot.regions.map((_, index) => index + 1);
  for (let index = ranks.length - 1; index > 0; index -= 1) {
    const other = prng.int(index + 1);
    [ranks[index], ranks[other]] = [ranks[other]!, ranks[index]!];
  }
  return withLoads(snapshot, (index) => 1e8 / ranks[index]!);
}

function withLoads(snapshot: Snapshot, of: (index: number) => number): Snapshot {
  const regions = snapshot.regions.map((region, index) => ({
    ...region,
    load: { writeBytesPerSecond: of(index) },
  }));
  return { ...snapshot, regions };
}

/**
 * 5 to 20 datanodes with tables of several regions, spread as the objective `count` leaves them, and tables of one region: anywhere, or none yet on
 * datanodes that have just joined, or those of a dead datanode all on its neighbour. Loads of Zipf, or log-normal (sigma 1).
 */
export function randomCluster(seed: string): Snapshot {
  const prng = createPrng(seed);
  const nodes = 5 + prng.int(16);
  const kind = prng.pick(['settled', 'scale-out', 'failover']);
  const used = kind === 'scale-out' ? nodes - 1 - prng.int(nodes >> 2) : nodes;
  const isZipf = prng.chance(0.5);
  const singles = nodes * (2 + prng.int(15));
  const dead = prng.int(nodes);
  let next = 0;
  const counts = (leaders: readonly number[]): number[] =>
    Array.from({ length: nodes }, (_, node) => leaders.filter((leader) => leader === node).length);
  const partitioned = Array.from({ length: prng.int(1 + 2 * nodes) }, () =>
    counts(Array.from({ length: 2 + prng.int(2 * nodes) }, () => next++ % nodes)),
  );
  const others = Array.from({ length: singles }, () => {
    const leader = prng.int(used);
    return counts([kind === 'failover' && leader === dead ? (dead + 1) % nodes : leader]);
  });
  const snapshot = snapshotOf([...partitioned, ...others], nodes);
  return isZipf ? withZipf(snapshot, prng) : withLoads(snapshot, () => 1e6 * Math.exp(normal(prng)));
}

/** Box and Muller. */
function normal(prng: Prng): number {
  return Math.sqrt(-2 * Math.log(1 - prng.next())) * Math.cos(2 * Math.PI * prng.next());
}
