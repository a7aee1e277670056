import { describe, expect, test } from 'vitest';
import { adoptHandover } from '../../../src/app/adopt.ts';
import { describeHandover, parseHandover } from '../../../src/app/handover.ts';
import { writeState } from '../../../src/executor/states.ts';
import { VirtualClock } from '../../../src/lib/clock.ts';
import type { MoveRecord, MoveState } from '../../../src/domain/move.ts';
import type { Store } from '../../../src/store/port.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { moveOf, REGION } from '../../support/executor.ts';

const clock = new VirtualClock();
const NOW_MS = clock.now();

function newStore(): Store {
  return openStore({ path: ':memory:' }, { clock });
}

function begin(store: Store, path: readonly MoveState[], regionId = REGION): MoveRecord {
  const { seq, detail, ...move } = moveOf({ regionId });
  let record = store.createMove({
    ...move,
    planId: `p${seq}${detail}`,
    cycleId: 1,
    createdAtMs: NOW_MS - 5_000,
  });
  for (const state of path) {
    const step =
      state === 'submitted'
        ? { procedureId: 'procedure-1', submittedAtMs: NOW_MS - 4_000 }
        : state === 'timed-out'
          ? { end: { cause: 'still-running', detail: 'It ran on.' } as const }
          : {};
    record = writeState(store, record, state, NOW_MS - 4_000, step);
  }
  return record;
}

function handOver(from: Store, to: Store): readonly MoveRecord[] {
  const text = JSON.stringify(describeHandover(from, 'first', NOW_MS));
  return adoptHandover(to, parseHandover(text), NOW_MS);
}

describe('what a leader leaves', () => {
  test.each([
    { path: [], adopted: [] },
    { path: ['checking'], adopted: [] },
    { path: ['checking', 'intent-recorded'], adopted: ['intent-recorded'] },
    { path: ['checking', 'intent-recorded', 'submitted'], adopted: ['submitted'] },
    { path: ['checking', 'intent-recorded', 'submitted', 'watching'], adopted: ['submitted'] },
    { path: ['checking', 'intent-recorded', 'submitted', 'watching', 'verifying'], adopted: ['submitted'] },
    { path: ['checking', 'intent-recorded', 'watching', 'timed-out'], adopted: ['timed-out'] },
    { path: ['checking', 'intent-recorded', 'submitted', 'timed-out'], adopted: ['timed-out'] },
    { path: ['checking', 'abandoned'], adopted: [] },
  ] satisfies { path: MoveState[]; adopted: MoveState[] }[])(
    'of a move that went $path its successor adopts $adopted',
    ({ path, adopted }) => {
      const [first, second] = [newStore(), newStore()];
      const before = begin(first, path);
      const moves = handOver(first, second);
      expect(moves.map(({ state }) => state)).toEqual(adopted);
      for (const move of moves) {
        const { regionId, from, to, reason, planId, createdAtMs, procedureId } = before;
        expect(move).toMatchObject({ regionId, from, to, reason, planId, createdAtMs });
        expect(move.procedureId).toBe(procedureId);
        expect(second.unresolvedMoves()).toHaveLength(1);
      }
    },
  );

  test('is adopted once, and never by the one who left it', () => {
    const [first, second] = [newStore(), newStore()];
    begin(first, ['checking', 'intent-recorded']);
    expect(handOver(first, second)).toHaveLength(1);
    expect(handOver(first, second)).toEqual([]);
    expect(handOver(second, first)).toEqual([]);
    expect(first.unresolvedMoves()).toHaveLength(1);
  });

  test('an intent counts from the moment of its adoption, whatever clock its author had', () => {
    const [first, second] = [newStore(), newStore()];
    begin(first, ['checking', 'intent-recorded']);
    const [move] = handOver(first, second);
    const intent = second.transitionsOf(move?.id ?? 0).find(({ to }) => to === 'intent-recorded');
    expect(intent?.atMs).toBe(NOW_MS);
  });

  test('the pause and the drains hold on; those that ended are over', () => {
    const [first, second] = [newStore(), newStore()];
    const pause = { reason: 'deploy', by: 'me', atMs: NOW_MS, untilMs: null };
    first.setPause(pause);
    first.addDrain({ datanode: '3', by: 'me', atMs: NOW_MS });
    second.addDrain({ datanode: '1', by: 'me', atMs: 1 });
    handOver(first, second);
    expect(second.pause(NOW_MS)).toEqual(pause);
    expect(second.drains().map(({ datanode }) => datanode)).toEqual(['3']);
    first.clearPause();
    first.removeDrain('3');
    handOver(first, second);
    expect(second.pause(NOW_MS)).toBeUndefined();
    expect(second.drains()).toEqual([]);
  });

  test('more unfinished moves than a note can hold forbid to begin another', () => {
    const store = newStore();
    for (let index = 0; index <= 100; index += 1)
      begin(store, ['checking', 'intent-recorded'], String(index));
    expect(() => describeHandover(store, 'first', NOW_MS)).toThrow(
      expect.objectContaining({ code: 'handover-full' }),
    );
  });

  test.each(['', 'no JSON', '{}', '[]', '{"formatVersion":2,"by":"x","moves":[],"pause":null,"drains":[]}'])(
    'a note %j that is not understood forbids to act',
    (text) => {
      expect(() => parseHandover(text)).toThrow(expect.objectContaining({ code: 'handover-invalid' }));
    },
  );
});
