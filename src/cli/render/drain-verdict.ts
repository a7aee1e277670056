import { BLOCKERS } from '../../domain/codes.ts';
import { count } from '../../lib/number.ts';
import type { DrainVerdict, LeftRegion } from '../../domain/regions-left.ts';
import type { Canvas } from './style.ts';
import { printable } from './text.ts';
import type { Lines } from './text.ts';

export function isDrained({ datanodes }: DrainVerdict): boolean {
  return datanodes.every(({ left }) => left.length === 0);
}

/** How a drain ended: every region that is left, with the reason, however many they are. */
export function* drainVerdict(verdict: DrainVerdict, { style }: Canvas): Lines {
  const { moves, dryRun } = verdict;
  const failures = moves?.failed ? `, ${count(moves.failed, 'move')} did not succeed` : '';
  if (moves && !dryRun) yield `${count(moves.moved, 'region')} moved${failures}.`;
  for (const { id, left } of verdict.datanodes) {
    if (left.length === 0) {
      yield style('green', `Datanode ${id} is empty.`);
      continue;
    }
    yield style('yellow', `Datanode ${id} still leads ${count(left.length, 'region')}:`);
    yield* left.map(leftLine);
  }
  // Last, because that is what is read, and a datanode that is held to be empty is switched off.
  if (dryRun)
    yield `Dry run: nothing was moved.${isDrained(verdict) ? '' : ' The same command with --no-dry-run moves what may move.'}`;
}

/** Whoever switches a datanode off must know each region by name: nothing is summed up here. */
function leftLine({ regionId, table, code, detail }: LeftRegion): string {
  const why = printable(detail) || (code === undefined ? 'not moved yet' : BLOCKERS[code]);
  return `  region ${regionId} of ${printable(table)}: ${code === undefined ? '' : `${code}: `}${why}`;
}
