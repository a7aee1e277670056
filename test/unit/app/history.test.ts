import { expect, it } from 'vitest';
import { findMoves } from '../../../src/app/api/views.ts';
import type { MoveQuery } from '../../../src/store/port.ts';

it('the history is one question to the store, with every filter', () => {
  const asked: MoveQuery[] = [];
  const store = {
    listMoves: (query: MoveQuery) => {
      asked.push(query);
      return [];
    },
  };
  const query = {
    limit: 100,
    before: 6,
    outcome: 'timed_out',
    reason: 'drain',
    region: '1',
    datanode: '3',
  } as const;
  expect(findMoves(store, { ...query, table: 'public.c', since: 4, until: 5 })).toEqual([]);
  findMoves(store, { ...query, table: '2' });
  const wanted = {
    limit: 100,
    beforeId: 6,
    state: 'timed_out',
    reason: 'drain',
    regionId: '1',
    datanodeId: '3',
  };
  expect(asked).toEqual([
    { ...wanted, table: 'public.c', sinceMs: 4, untilMs: 5 },
    { ...wanted, tableId: '2' },
  ]);
});
