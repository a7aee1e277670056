import { describe, expect, it } from 'vitest';
import { isFinal, MOVE_STATES, type MoveState } from '../../../src/domain/move.ts';
import { mayBecome, pathTo, TRANSITIONS, writeState } from '../../../src/executor/states.ts';
import type { Store } from '../../../src/store/port.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { sampleMove } from '../../support/observability.ts';

const EDGES = MOVE_STATES.flatMap((from) => MOVE_STATES.map((to) => [from, to] as const));

function openAt(state: MoveState): { store: Store; id: number } {
  const store = openStore({ path: ':memory:' }, { clock: { now: () => 0 } });
  const { id } = store.createMove(sampleMove());
  if (state !== 'planned') store.writeMove({ moveId: id, expected: 'planned', state, atMs: 0 });
  return { store, id };
}

describe('the state table', () => {
  it.each(EDGES)('%s to %s is written when allowed, and refused when not', (from, to) => {
    const { store, id } = openAt(from);
    const write = () => writeState(store, store.move(id)!, to, 5);
    if (mayBecome(from, to)) {
      expect(write().state).toBe(to);
      expect(store.move(id)?.state).toBe(to);
    } else {
      expect(write).toThrow(`Move 1 may not become ${to}: it is ${from}`);
      expect(store.move(id)?.state).toBe(from);
    }
    store.close();
  });

  it('reaches every state from the first, and leaves none but the final ones', () => {
    const reached = new Set<MoveState>(['planned']);
    for (const state of reached) for (const next of TRANSITIONS[state]) reached.add(next);
    expect([...reached].sort()).toEqual([...MOVE_STATES].sort());
    for (const state of MOVE_STATES) expect(TRANSITIONS[state].length === 0).toBe(isFinal(state));
  });

  it('never lets a move that was perhaps submitted go back to before, nor be submitted again', () => {
    const reachable = new Set<MoveState>(['submitted']);
    for (const state of reachable) for (const next of TRANSITIONS[state]) reachable.add(next);
    for (const state of ['planned', 'checking', 'intent-recorded', 'abandoned'] as const) {
      expect(reachable.has(state)).toBe(false);
    }
  });

  it.each([
    ['intent-recorded', 'succeeded', 'watching verifying succeeded'],
    ['intent-recorded', 'failed', 'failed'],
    ['submitted', 'failed', 'watching verifying failed'],
    ['watching', 'rolled_back', 'verifying rolled_back'],
    ['watching', 'timed_out', 'timed_out'],
    ['verifying', 'succeeded', 'succeeded'],
    ['checking', 'abandoned', 'abandoned'],
  ] as const)('goes from %s to %s by %s', (from, end, path) => {
    expect(pathTo(from, end).join(' ')).toBe(path);
  });

  it.each(MOVE_STATES.filter((state) => !isFinal(state)))(
    'finds an allowed way from %s to its ends',
    (from) => {
      for (const end of ['succeeded', 'failed', 'rolled_back', 'timed_out'] as const) {
        if (from === 'planned' || from === 'checking') continue;
        let state: MoveState = from;
        for (const next of pathTo(from, end)) {
          expect(mayBecome(state, next)).toBe(true);
          state = next;
        }
        expect(state).toBe(end);
      }
    },
  );
});
