import { BLOCKERS } from '../../domain/codes.ts';
import type { BlockerCode } from '../../domain/codes.ts';
import { compareIds } from '../../domain/ids.ts';
import type { Blocker } from '../../domain/plan.ts';
import { fullTableName } from '../../domain/snapshot.ts';
import { hasTarget } from '../targets.ts';
import { holdOf } from '../problem.ts';
import type { Problem } from '../problem.ts';

/**
 * Everything that keeps a region where it is, sorted by code and region. Regions out of scope are listed only where they keep a
 * draining datanode from becoming empty.
 */
export function listBlockers(
  problem: Problem,
  followerConflicts: ReadonlySet<number>,
  costs: (region: number, code: BlockerCode) => boolean,
): Blocker[] {
  const blockers: Blocker[] = [];
  const { hold, nodeOf } = problem;
  const isDraining = Uint8Array.from(problem.nodes, ({ drains }) => Number(drains));
  const hasConflicts = followerConflicts.size > 0;
  for (let region = 0; region < hold.length; region += 1) {
    const isFree = hold[region] === 0 && isDraining[nodeOf[region]!] !== 1;
    if (isFree && !(hasConflicts && followerConflicts.has(region))) continue;
    const code =
      blockerOf(problem, region) ?? (followerConflicts.has(region) ? 'follower-on-target' : undefined);
    if (code === undefined) continue;
    const harmless = !costs(region, code);
    blockers.push({ ...describeBlocker(problem, region, code), ...(harmless && { harmless }) });
  }
  return blockers.sort((a, b) =>
    a.code === b.code ? compareIds(a.regionId!, b.regionId!) : a.code < b.code ? -1 : 1,
  );
}

/** Why this region stays where it is whatever the balance says, or undefined when it may be moved. */
export function blockerOf(problem: Problem, region: number): BlockerCode | undefined {
  const hold = holdOf(problem.hold[region]!);
  const isDraining = problem.nodes[problem.nodeOf[region]!]?.drains === true;
  if (hold === 'not-selected' || hold === 'unsupported-engine') return isDraining ? hold : undefined;
  if (hold !== undefined) return hold;
  if (!isDraining || hasTarget(problem, region)) return undefined;
  return problem.columns.length === 0 ? 'no-target' : 'follower-on-target';
}

function describeBlocker(problem: Problem, region: number, code: BlockerCode): Blocker {
  const { id, tableId, leader } = problem.snapshot.regions[region]!;
  const table = problem.tables[problem.tableOf[region]!];
  const name = table ? fullTableName(table) : `unknown table ${tableId}`;
  const place = leader === null ? 'which has no leader' : `on datanode ${leader}`;
  return {
    code,
    regionId: id,
    tableId,
    ...(leader === null ? {} : { datanodeId: leader }),
    detail: `Region ${id} of ${name} ${place}: ${lowerFirst(BLOCKERS[code])}`,
  };
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
