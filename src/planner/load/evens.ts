import type { LoadPolicy } from '../../domain/load.ts';
import type { Relocation } from '../choose/choose.ts';
import type { Problem } from '../problem.ts';
import type { Placed } from './band.ts';
import { placeAfter, placeAtHome } from './band.ts';
import { areKnown, readLoads } from './loads.ts';
import type { GivenLoads } from './loads.ts';

/** Whether these moves make the loads of the targets more even, as far as is known. A single look at a cluster knows of no rates. */
export function evensLoad(
  problem: Problem,
  policy: LoadPolicy,
  given: GivenLoads | undefined,
  relocations: readonly Relocation[],
): boolean {
  const loads = readLoads(problem, policy, given);
  if (!areKnown(loads)) return true;
  const squares = ({ carried }: Placed): number =>
    carried.reduce((sum, load, column) => sum + (load * load) / problem.weights[column]!, 0);
  const home = placeAtHome(problem, loads);
  return squares(placeAfter(problem, loads, home, relocations)) < squares(home);
}
