import { describe, expect, it } from 'vitest';
import type { MoveState } from '../../../src/domain/move.ts';
import { createMatrixReader } from '../../../src/server/api/matrix.ts';
import { buildQueue } from '../../../src/server/api/queue.ts';
import { buildRegions } from '../../../src/server/api/regions.ts';
import type { Placement } from '../../../src/server/api/regions.ts';
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

describe('the matrix', () => {
  it.each<[string, Record<string, MoveState>, number[]]>([
    ['before any move', {}, [0, 2, 1, 1, 0, 2, 2, 1, 0]],
    ['after a move that succeeded', { [FIRST]: 'succeeded' }, [0, 1, 1, 1, 1, 2, 2, 1, 0]],
    ['after a move that failed, whose region stays', { [FIRST]: 'failed' }, [0, 2, 2, 1, 0, 1, 2, 1, 0]],
    ['at the end', { [FIRST]: 'succeeded', [LAST]: 'succeeded' }, [0, 1, 1, 1, 2, 2, 2, 0, 0]],
  ])('counts regions now and after the plan %s', async (_, ended, cells) => {
    const matrix = await createMatrixReader()(placement(ended));
    expect(matrix?.tables[0]?.cells).toEqual(cells);
  });

  it('names columns and tables', async () => {
    expect(await createMatrixReader()(placement())).toMatchObject({
      datanodes: ['0', '1', '2'],
      tables: [{ id: '1024', name: 'greptime.public.cpu' }],
    });
  });

  it('is there before the first plan', async () => {
    const matrix = await createMatrixReader()({ ...placement(), plan: null });
    expect(matrix?.tables[0]?.cells).toEqual([0, 2, 2, 2, 1, 1]);
  });
});

describe('regions', () => {
  it.each([
    ['all', {}, 3],
    ['those of a datanode, and those that come to it', { datanode: '1' }, 2],
    ['those of a table', { table: '1024' }, 3],
    ['none of another table', { table: '7' }, 0],
    ['one', { region: FIRST }, 1],
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
    ['those of a datanode', { datanode: '2' }, [2]],
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
