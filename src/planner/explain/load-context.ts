import type { LoadPolicy } from '../../domain/load.ts';
import type { Balance } from '../../domain/plan.ts';
import { areKnown, findRoles, readLoads, smallestToMove } from '../load/loads.ts';
import type { GivenLoads, Loads } from '../load/loads.ts';
import type { Problem } from '../problem.ts';

/** What is known of the loads behind a plan; undefined where regions are counted. */
export interface LoadContext {
  readonly policy: LoadPolicy;
  readonly loads: Loads;
  readonly roles: Uint8Array;
  readonly before: NonNullable<Balance['load']>;
}

export function loadContext(
  problem: Problem,
  policy: LoadPolicy | undefined,
  before: Balance['load'],
  given: GivenLoads | undefined,
): LoadContext | undefined {
  if (policy === undefined || before === undefined) return undefined;
  const loads = readLoads(problem, policy, given);
  if (!areKnown(loads)) return undefined;
  const roles = findRoles(problem, loads, smallestToMove(problem, loads, before.mean));
  return { policy, loads, roles, before };
}
