import { describe, expect, it } from 'vitest';
import type { MoveRecord } from '../../../src/domain/move.ts';
import type { Region, Snapshot } from '../../../src/domain/snapshot.ts';
import { describeForeignMoves, findForeignMoves, undoneMoves } from '../../../src/executor/foreign.ts';
import { sampleMove, START_MS } from '../../support/observability.ts';
import { SMALL_SNAPSHOT } from '../../support/plans.ts';

const T0 = START_MS;
const MINUTE_MS = 60_000;

function snapshot(
  atMinute: number,
  leaders: Readonly<Record<string, string | null>>,
  change: Partial<Region> = {},
): Snapshot {
  return {
    ...SMALL_SNAPSHOT,
    takenAt: new Date(T0 + atMinute * MINUTE_MS).toISOString(),
    regions: Object.entries(leaders).map(([id, leader]) => ({
      id,
      tableId: '1',
      leader,
      status: 'alive',
      ...change,
    })),
  };
}

function ours(endedAtMinute: number, change: Partial<MoveRecord> = {}): MoveRecord {
  const endedAtMs = T0 + endedAtMinute * MINUTE_MS;
  return sampleMove({ id: 1, regionId: '9', state: 'succeeded', endedAtMs, ...change });
}

function find(before: Snapshot, after: Snapshot, moves: readonly MoveRecord[] = []): string[] {
  return findForeignMoves(before, after, moves).map(
    ({ regionId, from, to, undid }) => `${regionId}: ${from}>${to}${undid ? ` undoes ${undid.id}` : ''}`,
  );
}

describe('changes between two snapshots', () => {
  /** Region 9 at a minute, with its leader. */
  const at = (minute: number, leader: string | null, change: Partial<Region> = {}): Snapshot =>
    snapshot(minute, { '9': leader }, change);
  const late = { outcome: 'succeeded', cause: 'moved', detail: '', atMs: T0 + 4 * MINUTE_MS } as const;
  const ourLate = ours(2, { state: 'timed_out', late });

  it.each([
    ['nothing changed', at(0, '0'), at(5, '0'), [], []],
    ['somebody moved a region', at(0, '0'), at(5, '2'), [], ['9: 0>2']],
    ['a third datanode took what we had moved', at(5, '1'), at(6, '2'), [ours(2)], ['9: 1>2']],
    ['that was told before', at(6, '2'), at(7, '2'), [ours(2)], []],
    ['we moved it', at(0, '0'), at(5, '1'), [ours(2)], []],
    ['we moved it, late', at(0, '0'), at(5, '1'), [ourLate], []],
    ['it may have been us after all', at(0, '0'), at(5, '1'), [ours(2, { state: 'failed' })], []],
    ['we abandoned that move', at(0, '0'), at(5, '1'), [ours(2, { state: 'abandoned' })], ['9: 0>1']],
    ['we moved it and somebody moved it on', at(0, '0'), at(5, '2'), [ours(2)], ['9: 1>2']],
    ['we moved it and the route may be an old one', at(0, '0'), at(5, '0'), [ours(2)], []],
    ['we moved it and somebody moved it back', at(0, '0'), at(15, '0'), [ours(2)], ['9: 1>0 undoes 1']],
    [
      'it was back, seen only in the next comparison',
      at(5, '0'),
      at(15, '0'),
      [ours(2)],
      ['9: 1>0 undoes 1'],
    ],
    ['it was moved back long ago', at(15, '0'), at(20, '0'), [ours(2)], []],
    ['it was back where we put it', at(0, '2'), at(15, '1'), [ours(2)], []],
    ['it has no leader at the moment', at(0, '0'), at(5, null), [], []],
    ['it migrates', at(0, '0'), at(5, '2', { status: 'migrating' }), [], []],
    ['it is new', snapshot(0, {}), at(5, '2'), [], []],
    ['it is gone', at(0, '0'), snapshot(5, {}), [], []],
  ])('when %s', (_name, before, after, moves, expected) => {
    expect(find(before, after, moves)).toEqual(expected);
  });

  it('are listed by region, and described in one sentence', () => {
    const before = snapshot(0, { '10': '0', '9': '0', '8': '0', '7': '0', '6': '0', '5': '0', '4': '0' });
    const after = snapshot(15, { '10': '1', '9': '0', '8': '1', '7': '1', '6': '1', '5': '1', '4': '1' });
    const found = findForeignMoves(before, after, [ours(2)]);
    expect(found.map(({ regionId }) => regionId)).toEqual(['4', '5', '6', '7', '8', '9', '10']);
    expect(describeForeignMoves(found)).toBe(
      'Others moved 7 regions: 4 from 0 to 1, 5 from 0 to 1, 6 from 0 to 1, 7 from 0 to 1, 8 from 0 to 1, and 2 more.',
    );
    expect(undoneMoves(found).map(({ id }) => id)).toEqual([1]);
    const known = findForeignMoves(before, after, [ours(2, { undoneAtMs: T0 })]);
    expect(undoneMoves(known)).toEqual([]);
  });
});
