import { expect, it } from 'vitest';
import { findMoves } from '../../../src/app/api/views.ts';
import { OUTCOME_CODES } from '../../../src/domain/codes.ts';
import { isFinal, outcomeOf } from '../../../src/domain/move.ts';
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
    state: 'timed-out',
    reason: 'drain',
    regionId: '1',
    datanodeId: '3',
  };
  expect(asked).toEqual([
    { ...wanted, table: 'public.c', sinceMs: 4, untilMs: 5 },
    { ...wanted, tableId: '2' },
  ]);
});

it.each(OUTCOME_CODES)('the outcome %s is that of the state that is looked for', (outcome) => {
  let query: MoveQuery | undefined;
  const listMoves = (given: MoveQuery) => {
    query = given;
    return [];
  };
  findMoves({ listMoves }, { limit: 1, outcome });
  const state = query?.state;
  expect(state && isFinal(state) && outcomeOf(state)).toBe(outcome);
});
