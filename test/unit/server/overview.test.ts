import { describe, expect, it } from 'vitest';
import type { MoveState } from '../../../src/domain/move.ts';
import {
  buildMatrix,
  buildQueue,
  buildRegions,
  buildSeries,
  countMatrix,
} from '../../../src/server/api/overview.ts';
import type { Placement } from '../../../src/server/api/overview.ts';
import { samplePlan, sampleSnapshot } from '../../support/observability.ts';

const FIRST = '4398046511104';
const LAST = '4398046511106';
const all = { limit: 100, moving: false } as const;

/** The sample: regions …104 and …105 on 0, …106 on 2; …104 moves 0 to 1, …106 moves 2 to 1. */
function placement(ended: Readonly<Record<string, MoveState>> = {}): Placement {
  return {
    snapshot: sampleSnapshot(),
    plan: samplePlan(),
    ended: new Map(Object.entries(ended)),
    currentMove: null,
  };
}

async function cellsAfter(
  ended: Readonly<Record<string, MoveState>>,
): Promise<readonly number[] | undefined> {
  const { snapshot, plan } = placement();
  return snapshot
    ? buildMatrix(await countMatrix(snapshot, plan), placement(ended).ended).tables[0]?.cells
    : undefined;
}

describe('the matrix', () => {
  it.each<[string, Record<string, MoveState>, number[]]>([
    ['before any move', {}, [0, 2, 1, 1, 0, 2, 2, 1, 0]],
    ['after a move that succeeded', { [FIRST]: 'succeeded' }, [0, 1, 1, 1, 1, 2, 2, 1, 0]],
    ['after a move that failed, whose region stays', { [FIRST]: 'failed' }, [0, 2, 2, 1, 0, 1, 2, 1, 0]],
    ['at the end', { [FIRST]: 'succeeded', [LAST]: 'succeeded' }, [0, 1, 1, 1, 2, 2, 2, 0, 0]],
  ])('counts regions now and after the plan %s', async (_, ended, cells) => {
    expect(await cellsAfter(ended)).toEqual(cells);
  });

  it('names columns and tables', async () => {
    const { snapshot, plan, ended } = placement();
    const matrix = snapshot && buildMatrix(await countMatrix(snapshot, plan), ended);
    expect(matrix).toMatchObject({
      datanodes: ['0', '1', '2'],
      tables: [{ id: '1024', name: 'greptime.public.cpu' }],
    });
  });

  it('is there before the first plan', async () => {
    const matrix = buildMatrix(await countMatrix(sampleSnapshot(), null), new Map());
    expect(matrix.tables[0]?.cells).toEqual([0, 2, 2, 2, 1, 1]);
  });
});

describe('regions', () => {
  it.each([
    ['all', {}, 3],
    ['those of a datanode, and those that come to it', { datanodeId: '1' }, 2],
    ['those of a table', { tableId: '1024' }, 3],
    ['none of another table', { tableId: '7' }, 0],
    ['one', { regionId: FIRST }, 1],
    ['those that move', { moving: true }, 2],
  ])('%s', async (_, query, total) => {
    expect((await buildRegions(placement(), { ...all, ...query }))?.total).toBe(total);
  });

  it('say where they are now and go, and keep to the limit', async () => {
    const view = await buildRegions(placement({ [FIRST]: 'succeeded' }), { ...all, limit: 2 });
    expect(view?.total).toBe(3);
    expect(view?.regions.map(({ leader, target }) => [leader, target])).toEqual([
      ['1', null],
      ['0', null],
    ]);
    expect(await buildRegions({ ...placement(), snapshot: null }, all)).toBeUndefined();
  });
});

describe('the queue', () => {
  it.each([
    ['all', {}, [1, 2]],
    ['the second page', { offset: 1 }, [2]],
    ['those of a datanode', { datanodeId: '2' }, [2]],
    ['those with a text in the table', { text: 'cpu' }, [1, 2]],
    ['those with a text in the region', { text: FIRST }, [1]],
    ['none', { text: 'nothing' }, []],
  ])('has %s', (_, query, seqs) => {
    const view = buildQueue(placement(), { limit: 10, offset: 0, ...query });
    expect(view.moves.map(({ seq }) => seq)).toEqual(seqs);
  });

  it('leaves out what ended', () => {
    expect(buildQueue(placement({ [FIRST]: 'failed' }), { limit: 10, offset: 0 }).total).toBe(1);
  });
});

describe('the series', () => {
  const nowMs = Date.UTC(2026, 0, 2);
  const query = { rangeMs: 100_000, points: 10 };

  it('sums what was done and keeps the greatest of what was seen in each step', () => {
    const { points, stepSeconds } = buildSeries(
      query,
      nowMs,
      [
        { endedAtMs: nowMs - 95_000, failed: false, moved: 2, tableSkewMax: 3, nodeSkew: 1 },
        { endedAtMs: nowMs - 94_000, failed: true, moved: 1, tableSkewMax: 5 },
        { endedAtMs: nowMs, failed: false, moved: 0, nodeSkew: 0 },
      ],
      [
        { atMs: nowMs - 95_000, regions: { '0': 9, '1': 2 } },
        { atMs: nowMs - 94_000, regions: { '0': 4, '1': 5 } },
        { atMs: nowMs - 50_000, regions: {} },
      ],
    );
    expect(stepSeconds).toBe(10);
    expect(points).toEqual([
      {
        at: new Date(nowMs - 100_000).toISOString(),
        cycles: 2,
        failed: 1,
        moved: 3,
        tableSkewMax: 5,
        nodeSkew: 1,
        least: 2,
        most: 9,
      },
      {
        at: new Date(nowMs - 10_000).toISOString(),
        cycles: 1,
        failed: 0,
        moved: 0,
        tableSkewMax: null,
        nodeSkew: 0,
        least: null,
        most: null,
      },
    ]);
  });

  it('is empty without a history', () => {
    expect(buildSeries(query, nowMs, [], []).points).toEqual([]);
  });
});
