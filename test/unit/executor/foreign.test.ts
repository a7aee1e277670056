import { describe, expect, it } from 'vitest';
import type { MoveRecord } from '../../../src/domain/move.ts';
import type { Region, Snapshot } from '../../../src/domain/snapshot.ts';
import { describeForeignMoves, findForeignMoves, undoneMoves } from '../../../src/executor/foreign.ts';

const T0 = Date.UTC(2026, 0, 1);
const MINUTE_MS = 60_000;

function snapshot(
  atMinute: number,
  leaders: Readonly<Record<string, string | null>>,
  change: Partial<Region> = {},
): Snapshot {
  return {
    formatVersion: 1,
    takenAt: new Date(T0 + atMinute * MINUTE_MS).toISOString(),
    cluster: { name: 'c', api: 'sql', version: '' },
    datanodes: [],
    tables: [],
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
  return {
    id: 1,
    planId: 'p',
    cycleId: 1,
    regionId: '9',
    tableId: '1',
    table: 't',
    from: '0',
    to: '1',
    reason: 'drain',
    state: 'succeeded',
    createdAtMs: T0,
    endedAtMs: T0 + endedAtMinute * MINUTE_MS,
    ...change,
  };
}

function find(before: Snapshot, after: Snapshot, moves: readonly MoveRecord[] = []): string[] {
  return findForeignMoves(before, after, moves).map(
    ({ regionId, from, to, undid }) => `${regionId}: ${from}>${to}${undid ? ` undoes ${undid.id}` : ''}`,
  );
}

describe('changes between two snapshots', () => {
  it.each([
    ['nothing changed', snapshot(0, { '9': '0' }), snapshot(5, { '9': '0' }), [], []],
    ['somebody moved a region', snapshot(0, { '9': '0' }), snapshot(5, { '9': '2' }), [], ['9: 0>2']],
    [
      'a third datanode took what we had moved',
      snapshot(5, { '9': '1' }),
      snapshot(6, { '9': '2' }),
      [ours(2)],
      ['9: 1>2'],
    ],
    ['that was told before', snapshot(6, { '9': '2' }), snapshot(7, { '9': '2' }), [ours(2)], []],
    ['we moved it', snapshot(0, { '9': '0' }), snapshot(5, { '9': '1' }), [ours(2)], []],
    [
      'we moved it, late',
      snapshot(0, { '9': '0' }),
      snapshot(5, { '9': '1' }),
      [
        ours(2, {
          state: 'timed_out',
          late: { outcome: 'succeeded', cause: 'moved', detail: '', atMs: T0 + 4 * MINUTE_MS },
        }),
      ],
      [],
    ],
    [
      'it may have been us after all',
      snapshot(0, { '9': '0' }),
      snapshot(5, { '9': '1' }),
      [ours(2, { state: 'failed' })],
      [],
    ],
    [
      'we abandoned that move, so it was not us',
      snapshot(0, { '9': '0' }),
      snapshot(5, { '9': '1' }),
      [ours(2, { state: 'abandoned' })],
      ['9: 0>1'],
    ],
    [
      'we moved it and somebody moved it on',
      snapshot(0, { '9': '0' }),
      snapshot(5, { '9': '2' }),
      [ours(2)],
      ['9: 1>2'],
    ],
    [
      'we moved it and the route may be an old one',
      snapshot(0, { '9': '0' }),
      snapshot(5, { '9': '0' }),
      [ours(2)],
      [],
    ],
    [
      'we moved it and somebody moved it back',
      snapshot(0, { '9': '0' }),
      snapshot(15, { '9': '0' }),
      [ours(2)],
      ['9: 1>0 undoes 1'],
    ],
    [
      'it was moved back, seen only in the next comparison',
      snapshot(5, { '9': '0' }),
      snapshot(15, { '9': '0' }),
      [ours(2)],
      ['9: 1>0 undoes 1'],
    ],
    ['it was moved back long ago', snapshot(15, { '9': '0' }), snapshot(20, { '9': '0' }), [ours(2)], []],
    ['it was back where we put it', snapshot(0, { '9': '2' }), snapshot(15, { '9': '1' }), [ours(2)], []],
    ['it has no leader at the moment', snapshot(0, { '9': '0' }), snapshot(5, { '9': null }), [], []],
    ['it migrates', snapshot(0, { '9': '0' }), snapshot(5, { '9': '2' }, { status: 'migrating' }), [], []],
    ['it is new', snapshot(0, {}), snapshot(5, { '9': '2' }), [], []],
    ['it is gone', snapshot(0, { '9': '0' }), snapshot(5, {}), [], []],
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
