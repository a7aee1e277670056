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
  const same = {
    limit: 100,
    reason: 'drain',
    regionId: '1',
    tableId: '2',
    table: 'public.c',
    datanodeId: '3',
    sinceMs: 4,
    untilMs: 5,
  } as const;
  expect(findMoves(store, { ...same, before: 6, outcome: 'timed_out' })).toEqual([]);
  expect(asked).toEqual([{ ...same, beforeId: 6, state: 'timed-out' }]);
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
