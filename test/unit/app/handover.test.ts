import { EMPTY_MEMORY } from '../../../src/domain/policy.ts';
import { describe, expect, test } from 'vitest';
import { importHandover, type ImportedMoves } from '../../../src/app/ha/import-handover.ts';
import {
  describeHandover,
  MAX_COOLDOWNS,
  MAX_QUARANTINE,
  parseHandover,
} from '../../../src/app/ha/handover.ts';
import { MAX_NOTE_CHARACTERS } from '../../../src/ha/port.ts';
import { OperatingError } from '../../../src/domain/errors.ts';
import { pathTo, writeState } from '../../../src/executor/states.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
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
        : state === 'timed_out'
          ? { end: { cause: 'still-running', detail: 'It ran on.' } as const }
          : {};
    record = writeState(store, record, state, NOW_MS - 4_000, step);
  }
  return record;
}

function handOver(from: Store, to: Store): readonly MoveRecord[] {
  const text = JSON.stringify(describeHandover(from, 'first', NOW_MS));
  return importHandover(to, parseHandover(text), 'second', NOW_MS).imported;
}

/** What the first learns from the note of the second. */
function handBack(from: Store, to: Store, by = 'second'): ImportedMoves {
  const text = JSON.stringify(describeHandover(from, by, NOW_MS));
  return importHandover(to, parseHandover(text), 'first', NOW_MS);
}

/** A store whose `nth` write of a move fails. */
function failingAt(store: Store, nth: number): Store {
  let writes = 0;
  return {
    ...store,
    writeMove(change) {
      writes += 1;
      if (writes === nth) throw new OperatingError('state-full', 'The disk is full');
      return store.writeMove(change);
    },
  };
}

test.each([1, 2, 3])('when write %i of it fails nothing is adopted, and the next try adopts all', (nth) => {
  const [first, second] = [newStore(), newStore()];
  begin(first, ['checking', 'intent-recorded', 'submitted']);
  first.addRequest('drain', { datanode: '7', by: 'anna', atMs: NOW_MS });
  expect(() => handOver(first, failingAt(second, nth))).toThrow('The disk is full');
  expect(second.unresolvedMoves()).toEqual([]);
  expect(second.requested('drain')).toEqual([]);
  expect(handOver(first, second)).toMatchObject([{ state: 'submitted', procedureId: 'procedure-1' }]);
  expect(describeHandover(second, 'second', NOW_MS).moves).toHaveLength(1);
});

describe('what a leader leaves', () => {
  test.each([
    { path: [], adopted: [] },
    { path: ['checking'], adopted: [] },
    { path: ['checking', 'intent-recorded'], adopted: ['intent-recorded'] },
    { path: ['checking', 'intent-recorded', 'submitted'], adopted: ['submitted'] },
    { path: ['checking', 'intent-recorded', 'submitted', 'watching'], adopted: ['submitted'] },
    { path: ['checking', 'intent-recorded', 'submitted', 'watching', 'verifying'], adopted: ['submitted'] },
    { path: ['checking', 'intent-recorded', 'watching', 'timed_out'], adopted: ['timed_out'] },
    { path: ['checking', 'intent-recorded', 'submitted', 'timed_out'], adopted: ['timed_out'] },
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

  test('is understood as 0.1.0 wrote it', () => {
    const store = newStore();
    begin(store, ['checking', 'intent-recorded', 'watching', 'timed_out']);
    const note = JSON.stringify(describeHandover(store, 'first', NOW_MS)).replace('timed_out', 'timed-out');
    expect(parseHandover(note).moves).toMatchObject([{ state: 'timed_out' }]);
  });

  test('is adopted once, and never by the one who left it', () => {
    const [first, second] = [newStore(), newStore()];
    begin(first, ['checking', 'intent-recorded']);
    expect(handOver(first, second)).toHaveLength(1);
    expect(handOver(first, second)).toEqual([]);
    expect(handOver(second, first)).toEqual([]);
    expect(first.unresolvedMoves()).toHaveLength(1);
  });

  test('who led before takes the end that its successor saw, and its breaker does not count it', () => {
    for (const outcome of ['succeeded', 'failed', 'rolled_back'] as const)
      for (const path of [['submitted', 'watching', 'verifying'], ['watching', 'timed_out'], []] as const) {
        const [first, second] = [newStore(), newStore()];
        const { id } = begin(first, ['checking', 'intent-recorded', ...path]);
        const [taken] = handOver(first, second);
        if (taken?.state === 'timed_out')
          second.writeLateOutcome(taken.id, { outcome, cause: 'moved', detail: 'seen', atMs: NOW_MS }, {});
        else {
          const end = { end: { cause: 'moved', detail: 'seen' } } as const;
          for (const state of pathTo(taken!.state, outcome))
            writeState(second, second.unresolvedMoves()[0]!, state, NOW_MS, state === outcome ? end : {});
        }
        expect(handBack(second, first).settled).toMatchObject([{ id }]);
        const { state, late, cause } = first.move(id)!;
        expect([late?.outcome ?? state, late?.cause ?? cause]).toEqual([outcome, 'moved']);
        expect(first.unresolvedMoves()).toEqual([]);
        expect(first.failureRun()).toBe(0);
        expect(handBack(second, first)).toEqual({ imported: [], settled: [] });
      }
  });

  test('of a move that its successor does not know any more, who led before only looks up the end', () => {
    const [first, second] = [newStore(), newStore()];
    begin(first, ['checking', 'intent-recorded', 'submitted', 'watching']);
    expect(handBack(first, first, 'first').settled, 'its own note').toEqual([]);
    expect(handBack(second, first).settled).toMatchObject([{ state: 'timed_out', cause: 'outcome-unknown' }]);
    expect(first.unresolvedMoves()).toHaveLength(1);
    expect(handBack(second, first).settled).toEqual([]);
  });

  test('an intent counts from the moment of its adoption, whatever clock its author had', () => {
    const [first, second] = [newStore(), newStore()];
    begin(first, ['checking', 'intent-recorded']);
    const [move] = handOver(first, second);
    expect(second.intentOf(move?.id ?? 0)?.atMs).toBe(NOW_MS);
  });

  test('the pause, the drains and the cordons hold on; those that ended are over', () => {
    const [first, second] = [newStore(), newStore()];
    const pause = { reason: 'deploy', by: 'me', atMs: NOW_MS, untilMs: null };
    first.setPause(pause);
    first.addRequest('drain', { datanode: '3', by: 'me', atMs: NOW_MS });
    first.addRequest('cordon', { datanode: '4', by: 'me', atMs: NOW_MS });
    second.addRequest('drain', { datanode: '1', by: 'me', atMs: 1 });
    second.addRequest('drain', { datanode: '3', by: 'another', atMs: 1 });
    second.addRequest('cordon', { datanode: '5', by: 'me', atMs: 1 });
    handOver(first, second);
    expect(second.pause(NOW_MS)).toEqual(pause);
    expect(second.requested('drain')).toEqual(first.requested('drain'));
    expect(second.requested('cordon')).toEqual(first.requested('cordon'));
    first.clearPause();
    first.removeRequest('drain', '3');
    handOver(first, second);
    expect(second.pause(NOW_MS)).toBeUndefined();
    expect(second.requested('drain')).toEqual([]);
  });

  test('regions that rest go on resting; those that were released, or whose rest is over, do not', () => {
    const [first, second] = [newStore(), newStore()];
    const resting = {
      ...{ datanode: '3', role: 'target' as const, failures: 2, sinceMs: NOW_MS - 9, untilMs: NOW_MS + 9 },
      detail: 'rolled_back: It failed.',
    };
    const failing = { regionId: '2', failures: 3, untilMs: NOW_MS + 9, detail: 'It failed.' };
    first.importHolds({
      cooldowns: [
        { regionId: '1', untilMs: NOW_MS + 5 },
        { regionId: '7', untilMs: NOW_MS },
      ],
      quarantine: [failing],
      datanodes: [resting],
    });
    second.importHolds({
      cooldowns: [{ regionId: '8', untilMs: NOW_MS + 5 }],
      quarantine: [{ ...failing, regionId: '9' }],
      datanodes: [{ ...resting, datanode: '4' }],
    });
    handOver(first, second);
    expect(second.memory(NOW_MS)).toEqual({
      cooldowns: [{ regionId: '1', untilMs: NOW_MS + 5 }],
      quarantine: [{ regionId: '2', untilMs: NOW_MS + 9 }],
      datanodes: [resting],
    });
    expect(second.quarantineOf('2')).toEqual(failing);
    first.releaseQuarantine('2');
    first.releaseCooldown('1');
    first.releaseDatanode('3');
    handOver(first, second);
    expect(second.memory(NOW_MS)).toEqual(EMPTY_MEMORY);
  });

  test('of very many rests those that last longest are told, in a note of bounded size; nothing is released then', () => {
    const [first, second] = [newStore(), newStore()];
    const regionOf = (index: number): string => String(18_446_744_073_709_000_000n + BigInt(index));
    const rests = Array.from({ length: 2 * MAX_COOLDOWNS }, (_, index) => ({
      regionId: regionOf(index),
      untilMs: NOW_MS + 1 + index,
    }));
    const quarantine = rests.map((rest) => ({ ...rest, failures: 1, detail: 'x'.repeat(1_000) }));
    first.importHolds({ cooldowns: rests, quarantine, datanodes: [] });
    second.importHolds({
      cooldowns: [{ regionId: '8', untilMs: NOW_MS + 5 }],
      quarantine: [],
      datanodes: [],
    });
    for (let index = 0; index < 100; index += 1)
      begin(first, ['checking', 'intent-recorded'], regionOf(index));
    expect(JSON.stringify(describeHandover(first, 'first', NOW_MS)).length).toBeLessThan(
      MAX_NOTE_CHARACTERS / 2,
    );
    handOver(first, second);
    const memory = second.memory(NOW_MS);
    expect(memory.cooldowns).toHaveLength(MAX_COOLDOWNS + 1);
    expect(memory.cooldowns.slice(1)).toEqual(rests.slice(-MAX_COOLDOWNS));
    expect(memory.quarantine).toEqual(rests.slice(-MAX_QUARANTINE));
  });

  test('a note of an older version says nothing of rests: ours stay', () => {
    const store = newStore();
    store.importHolds({ cooldowns: [{ regionId: '1', untilMs: NOW_MS + 5 }], quarantine: [], datanodes: [] });
    const text = '{"formatVersion":1,"by":"x","moves":[],"pause":null,"drains":[]}';
    importHandover(store, parseHandover(text), 'second', NOW_MS);
    expect(store.cooldownUntil('1', NOW_MS)).toBe(NOW_MS + 5);
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
