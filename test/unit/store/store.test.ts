import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import type { MoveDraft, MoveQuery, Store } from '../../../src/store/port.ts';
import { createCycleStore } from '../../../src/store/sqlite-cycles.ts';
import { Database } from '../../../src/store/sqlite-database.ts';
import { MIGRATIONS } from '../../../src/store/sqlite-migrations.ts';
import { PAGE_OF_REGION } from '../../../src/store/sqlite-moves.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const clock = new VirtualClock();
const T0 = clock.now();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const DRAFT: MoveDraft = {
  planId: 'sha256:1',
  cycleId: 7,
  regionId: '18446744073709551615',
  tableId: '1024',
  table: 'greptime.public.cpu',
  from: '0',
  to: '3',
  reason: 'drain',
  createdAtMs: T0,
};

function inMemory(options: object = {}): Store {
  return openStore({ path: ':memory:', ...options }, { clock });
}

/** A move that was submitted and ended. */
function endedMove(
  store: Store,
  draft: Partial<MoveDraft>,
  state: 'succeeded' | 'failed',
  endedAtMs: number,
) {
  const move = store.createMove({ ...DRAFT, ...draft });
  store.writeMove({ moveId: move.id, expected: 'planned', state: 'intent-recorded', atMs: endedAtMs - 2 });
  store.writeMove({
    moveId: move.id,
    expected: 'intent-recorded',
    state: 'submitted',
    atMs: endedAtMs - 1,
    submittedAtMs: endedAtMs - 1_000,
    procedureId: `procedure-${move.id}`,
  });
  return store.writeMove({
    moveId: move.id,
    expected: 'submitted',
    state,
    atMs: endedAtMs,
    cause: state === 'succeeded' ? 'moved' : 'rolled_back',
    detail: 'as told',
    endedAtMs,
  });
}

describe('moves', () => {
  it('keep what they were created with, ids of 64 bits included, and rise by one', () => {
    const store = inMemory();
    const first = store.createMove(DRAFT);
    expect(first).toEqual({ id: 1, ...DRAFT, state: 'planned' });
    expect(store.createMove(DRAFT).id).toBe(2);
    expect(store.move(1)).toEqual(first);
    expect(store.move(99)).toBeUndefined();
  });

  it('keep what was learned on the way', () => {
    const move = endedMove(inMemory(), {}, 'succeeded', T0 + 50);
    expect(move).toMatchObject({ state: 'succeeded', cause: 'moved', procedureId: 'procedure-1' });
  });

  it.each([{ knownBefore: ['procedure-a'] }, { knownBefore: [] }, {}])(
    'remember the time of their intent and the procedures before it: %j',
    (known) => {
      const store = inMemory();
      const { id } = store.createMove(DRAFT);
      expect(store.intentOf(id)).toBeUndefined();
      store.writeMove({ moveId: id, expected: 'planned', state: 'intent-recorded', atMs: T0, ...known });
      store.writeMove({ moveId: id, expected: 'intent-recorded', state: 'submitted', atMs: T0 + 5 });
      expect(store.intentOf(id)).toEqual({ atMs: T0, ...known });
    },
  );

  it('are written only from the state that the writer expects', () => {
    const store = inMemory();
    const move = store.createMove(DRAFT);
    expect(() =>
      store.writeMove({ moveId: move.id, expected: 'checking', state: 'intent-recorded', atMs: T0 }),
    ).toThrow('Move 1 is planned; checking was expected');
    expect(store.move(move.id)?.state).toBe('planned');
    expect(() => store.writeMove({ moveId: 5, expected: 'planned', state: 'checking', atMs: T0 })).toThrow(
      'No move has the id 5',
    );
  });

  it('are unresolved until they end, and after a timeout until their late outcome is known', () => {
    const store = inMemory();
    const move = store.createMove(DRAFT);
    expect(store.unresolvedMoves()).toHaveLength(1);
    store.writeMove({
      moveId: move.id,
      expected: 'planned',
      state: 'timed_out',
      atMs: T0,
      cause: 'still-running',
      detail: 'slow',
      endedAtMs: T0,
    });
    expect(store.unresolvedMoves()).toHaveLength(1);
    const late = { outcome: 'succeeded', cause: 'moved', detail: 'late', atMs: T0 + 5 } as const;
    const resolved = store.writeLateOutcome(move.id, late, {
      cooldownUntilMs: T0 + HOUR_MS,
      failureRun: 'reset',
    });
    expect(resolved).toMatchObject({ state: 'timed_out', late });
    expect(store.unresolvedMoves()).toEqual([]);
    expect(store.lastSuccess(DRAFT.regionId)?.id).toBe(move.id);
    expect(store.cooldownUntil(DRAFT.regionId, T0)).toBe(T0 + HOUR_MS);
    expect(() => store.writeLateOutcome(move.id, late, {})).toThrow('has no late outcome to come');
  });

  it('keep the first time that the region was seen downgraded', () => {
    const store = inMemory();
    const move = store.createMove(DRAFT);
    expect(store.markDowngraded(move.id, T0 + 1).downgradedAtMs).toBe(T0 + 1);
    expect(store.markDowngraded(move.id, T0 + 9).downgradedAtMs).toBe(T0 + 1);
  });

  it('are listed newest first, in pages, by region and by cycle', () => {
    const store = inMemory();
    for (const regionId of ['1', '2', '1', '3']) endedMove(store, { regionId }, 'succeeded', T0);
    const ids = (query: Parameters<Store['listMoves']>[0]) => store.listMoves(query).map((move) => move.id);
    expect(ids({ limit: 3 })).toEqual([4, 3, 2]);
    expect(ids({ limit: 3, beforeId: 2 })).toEqual([1]);
    expect(ids({ limit: 9, regionId: '1' })).toEqual([3, 1]);
    expect(ids({ limit: 9, cycleId: 8 })).toEqual([]);
  });

  it('of one region are found by an index, not by looking at all', () => {
    const database = new Database({ location: ':memory:', busyTimeoutMs: 0 });
    for (const step of MIGRATIONS) database.script(step);
    const planOf = z.object({ detail: z.string() });
    const [step] = database.all(planOf, `EXPLAIN QUERY PLAN ${PAGE_OF_REGION}`);
    expect(step?.detail).toMatch(/^SEARCH moves USING INDEX moves_region \(region_id=\? AND id<\?\)/);
    database.close();
  });

  it.each<[string, Partial<MoveQuery>, number[]]>([
    ['nothing', {}, [4, 3, 2, 1]],
    ['a state', { state: 'failed' }, [2]],
    ['a state that none has', { state: 'timed_out' }, []],
    ['a reason', { reason: 'table-spread' }, [3]],
    ['a table by its id', { tableId: '1025' }, [4, 3]],
    ['a table by a part of its name', { table: 'lic.mem' }, [4]],
    ['a table in other letters', { table: 'CPU' }, []],
    ['what would be a wildcard in SQL', { table: '%' }, []],
    ['a source', { datanodeId: '8' }, [1]],
    ['a target', { datanodeId: '9' }, [2]],
    ['a datanode of which the id is a part', { datanodeId: '1' }, []],
    ['a time at and after which', { sinceMs: T0 + 3 }, [4, 3]],
    ['a time before which', { untilMs: T0 + 3 }, [2, 1]],
    ['several filters', { tableId: '1024', sinceMs: T0 + 2, beforeId: 4, datanodeId: '0' }, [2]],
    ['a filter and a limit', { tableId: '1024', limit: 1 }, [2]],
  ])('are listed by %s', (_name, query, ids) => {
    const store = inMemory();
    endedMove(store, { from: '8', createdAtMs: T0 + 1 }, 'succeeded', T0);
    endedMove(store, { to: '9', createdAtMs: T0 + 2 }, 'failed', T0);
    const mem = { tableId: '1025', table: 'greptime.public.mem' };
    endedMove(
      store,
      { ...mem, table: 'a.b.c', reason: 'table-spread', createdAtMs: T0 + 3 },
      'succeeded',
      T0,
    );
    endedMove(store, { ...mem, createdAtMs: T0 + 4 }, 'succeeded', T0);
    expect(store.listMoves({ limit: 9, ...query }).map((move) => move.id)).toEqual(ids);
  });

  it('answer what the limits and the estimate of the remaining time need', () => {
    const store = inMemory();
    endedMove(store, {}, 'succeeded', T0 + 1_000);
    endedMove(store, {}, 'failed', T0 + 2_000);
    endedMove(store, { regionId: '2' }, 'succeeded', T0 + 3_000);
    expect(store.recentDurationsMs(10)).toEqual([1_000, 1_000]);
    expect(store.countSubmissions(T0 + 1_500)).toBe(2);
    expect(store.successesSince(T0 + 2_000, 10).map((move) => move.id)).toEqual([3]);
    expect(store.knowsProcedure('procedure-2')).toBe(true);
    expect(store.knowsProcedure('procedure-9')).toBe(false);
  });

  it('count once as undone', () => {
    const store = inMemory();
    const move = endedMove(store, {}, 'succeeded', T0);
    expect(store.markUndone(move.id, T0 + 10)).toBe(true);
    expect(store.markUndone(move.id, T0 + 20)).toBe(false);
    expect(store.countUndone(T0 + 10)).toBe(1);
    expect(store.countUndone(T0 + 11)).toBe(0);
  });
});

describe('rests', () => {
  it('end by themselves, and quarantine counts failures until a success lifts it', () => {
    const store = inMemory();
    const fail = (untilMs: number): void => {
      const move = store.createMove({ ...DRAFT, regionId: '12' });
      store.writeMove({
        moveId: move.id,
        expected: 'planned',
        state: 'failed',
        atMs: T0,
        endedAtMs: T0,
        effects: { quarantine: { untilMs, detail: 'refused' }, failureRun: 'add' },
      });
    };
    fail(T0 + 10);
    fail(T0 + 20);
    expect(store.quarantineOf('12')).toEqual({
      regionId: '12',
      failures: 2,
      untilMs: T0 + 20,
      detail: 'refused',
    });
    expect(store.failureRun()).toBe(2);
    expect(store.memory(T0 + 19)).toEqual({
      cooldowns: [],
      quarantine: [{ regionId: '12', untilMs: T0 + 20 }],
      datanodes: [],
    });
    expect(store.memory(T0 + 20).quarantine).toEqual([]);
    expect(store.listQuarantine(T0)).toHaveLength(1);
    expect(store.releaseQuarantine('12')).toBe(true);
    expect(store.releaseQuarantine('12')).toBe(false);
    store.resetFailureRun();
    expect(store.failureRun()).toBe(0);
  });
});

describe('operators', () => {
  it('pause with or without an end, and resuming forgets the run of failures', () => {
    const store = inMemory();
    expect(store.pause(T0)).toBeUndefined();
    store.setPause({ reason: 'upgrade', by: 'anna', atMs: T0, untilMs: T0 + 100 });
    expect(store.pause(T0 + 99)).toEqual({ reason: 'upgrade', by: 'anna', atMs: T0, untilMs: T0 + 100 });
    expect(store.pause(T0 + 100)).toBeUndefined();
    store.setPause({ reason: 'x'.repeat(10_000), by: 'anna', atMs: T0, untilMs: null });
    expect(store.pause(T0 + HOUR_MS)?.reason).toHaveLength(2_000);
    expect(store.clearPause()).toBe(true);
    expect(store.clearPause()).toBe(false);
  });

  it('resume, and what others undid until then counts no more', () => {
    const store = inMemory();
    const first = endedMove(store, {}, 'succeeded', T0);
    const second = endedMove(store, {}, 'succeeded', T0 + 1);
    store.markUndone(first.id, T0 + 10);
    expect(store.countUndone(T0)).toBe(1);
    store.clearPause();
    expect(store.countUndone(T0)).toBe(0);
    store.markUndone(second.id, T0 + 20);
    expect(store.countUndone(T0)).toBe(1);
  });

  it('drain and cordon datanodes, and everything they did is kept with its reason', () => {
    const store = inMemory();
    store.addRequest('drain', { datanode: '10', by: 'anna', atMs: T0 });
    store.addRequest('drain', { datanode: '2', by: 'ben', atMs: T0 });
    expect(store.requested('drain').map((drain) => drain.datanode)).toEqual(['2', '10']);
    expect(store.removeRequest('drain', '2')).toBe(true);
    expect(store.removeRequest('drain', '2')).toBe(false);
    store.addRequest('drain', { datanode: '10', by: 'ben', atMs: T0 + 1 });
    expect(store.requested('drain')).toEqual([{ datanode: '10', by: 'anna', atMs: T0 }]);
    store.addRequest('cordon', { datanode: '3', by: 'anna', atMs: T0 });
    expect(store.requested('cordon').map(({ datanode }) => datanode)).toEqual(['3']);
    store.addAudit({ atMs: T0, who: 'anna', what: 'drain 10', why: 'disk' });
    expect(store.listAudit(5)).toEqual([{ atMs: T0, who: 'anna', what: 'drain 10', why: 'disk' }]);
  });
});

describe('cycles and samples', () => {
  it('are kept and found again', () => {
    const store = inMemory();
    const id = store.beginCycle('schedule', T0);
    expect(store.listCycles(1)).toEqual([{ id, trigger: 'schedule', startedAtMs: T0 }]);
    const end = { endedAtMs: T0 + 5, outcome: 'moved', moved: 2, detail: '2 of 2' } as const;
    store.endCycle(id, end);
    expect(store.listCycles(1)[0]?.end).toEqual(end);
  });

  it('are summed up in steps: what was done, and the extremes of what was seen', () => {
    const store = inMemory();
    const ended = (outcome: 'moved' | 'failed', endedAtMs: number): void =>
      store.endCycle(store.beginCycle('schedule', T0), { endedAtMs, outcome, moved: 1, detail: '' });
    const seen = (atMs: number, most: number | null): void =>
      store.saveSample({ atMs, moved: 2, tableSkewMax: 0.5, nodeSkew: 1.5, least: most && 1, most });
    ended('moved', T0 - 1);
    ended('moved', T0 + 5);
    ended('failed', T0 + 9);
    seen(T0 + 9, 7);
    seen(T0 + 29, 5);
    seen(T0 + 29, 3);
    seen(T0 + 30, null);
    seen(T0 + 40, 1);
    endedMove(store, {}, 'failed', T0 + 25);
    endedMove(store, {}, 'succeeded', T0 + 26);
    const nothing = { failedMoves: 0, tableSkewMax: null, nodeSkew: null };
    const skew = { failedMoves: 0, tableSkewMax: 0.5, nodeSkew: 1.5 };
    expect(store.history({ sinceMs: T0, untilMs: T0 + 40, stepMs: 10 })).toEqual([
      { atMs: T0, cycles: 2, failed: 1, moved: 2, ...skew, least: 1, most: 7 },
      { atMs: T0 + 20, cycles: 0, failed: 0, moved: 4, ...skew, failedMoves: 1, least: 1, most: 5 },
      { atMs: T0 + 30, cycles: 0, failed: 0, moved: 2, ...skew, least: null, most: null },
    ]);
    expect(store.history({ sinceMs: T0 + 50, untilMs: T0 + 60, stepMs: 10 })).toEqual([]);
    ended('moved', T0 + 55);
    expect(store.history({ sinceMs: T0 + 50, untilMs: T0 + 60, stepMs: 10 })).toEqual([
      { atMs: T0 + 50, cycles: 1, failed: 0, moved: 0, ...nothing, least: null, most: null },
    ]);
  });

  it('of an older state file are kept as they were', () => {
    const database = new Database({ location: ':memory:', busyTimeoutMs: 0 });
    for (const step of MIGRATIONS.slice(0, 2)) database.script(step);
    database.script(`
      INSERT INTO cycles (id, trigger, started_at_ms, ended_at_ms, outcome, moved, detail, table_skew_max, node_skew)
        VALUES (7, 'schedule', 1, 5, 'moved', 3, '', 2.5, 4);
      INSERT INTO samples (cycle_id, at_ms, regions) VALUES (7, 2, '{"0":9,"1":4}'), (8, 6, '{}');
    `);
    for (const step of MIGRATIONS.slice(2)) database.script(step);
    expect(createCycleStore(database).history({ sinceMs: 0, untilMs: 10, stepMs: 5 })).toEqual([
      {
        atMs: 0,
        cycles: 0,
        failed: 0,
        moved: 3,
        failedMoves: 0,
        tableSkewMax: 2.5,
        nodeSkew: 4,
        least: 4,
        most: 9,
      },
      {
        atMs: 5,
        cycles: 1,
        failed: 0,
        moved: 0,
        failedMoves: 0,
        tableSkewMax: null,
        nodeSkew: null,
        least: null,
        most: null,
      },
    ]);
  });
});

describe('holds that a clock which was ahead has written', () => {
  it('last no longer than they may from now on', () => {
    const store = inMemory();
    const farMs = T0 + 900 * DAY_MS;
    store.importHolds({
      cooldowns: [
        { regionId: '1', untilMs: farMs },
        { regionId: '2', untilMs: T0 + 5 },
      ],
      quarantine: [{ regionId: '3', failures: 2, untilMs: farMs, detail: 'd' }],
      datanodes: [
        { datanode: '4', role: 'target', failures: 3, sinceMs: farMs, untilMs: farMs, detail: 'd' },
      ],
    });
    store.setPause({ reason: 'r', by: 'b', atMs: farMs, untilMs: farMs + HOUR_MS });
    const limits = { cooldownMs: HOUR_MS, quarantineMs: DAY_MS };
    expect(store.limitHolds(limits, T0)).toBe(4);
    expect(store.limitHolds(limits, T0 + 1)).toBe(0);
    expect(store.memory(T0)).toEqual({
      cooldowns: [
        { regionId: '1', untilMs: T0 + HOUR_MS },
        { regionId: '2', untilMs: T0 + 5 },
      ],
      quarantine: [{ regionId: '3', untilMs: T0 + DAY_MS }],
      datanodes: [expect.objectContaining({ datanode: '4', untilMs: T0 + DAY_MS })],
    });
    expect(store.pause(T0)).toMatchObject({ atMs: T0, untilMs: T0 + HOUR_MS });
  });
});

describe('retention', () => {
  it('deletes what is old, never what may still happen', () => {
    const store = inMemory({ retentionMs: HOUR_MS });
    const open = store.createMove(DRAFT);
    endedMove(store, {}, 'succeeded', T0);
    const fresh = endedMove(store, {}, 'succeeded', T0 + HOUR_MS);
    store.beginCycle('schedule', T0);
    store.saveSample({ atMs: T0, moved: 0, tableSkewMax: 0, nodeSkew: 0, least: null, most: null });
    store.addAudit({ atMs: T0, who: 'a', what: 'b', why: 'c' });
    const kept = store.beginCycle('schedule', T0 + HOUR_MS);
    store.prune(T0 + HOUR_MS + 1);
    expect(store.listMoves({ limit: 9 }).map((move) => move.id)).toEqual([fresh.id, open.id]);
    expect(store.listCycles(9).map(({ id }) => id)).toEqual([kept]);
    expect(store.history({ sinceMs: 0, untilMs: T0 + HOUR_MS, stepMs: HOUR_MS })).toEqual([]);
    expect(store.listAudit(9)).toEqual([]);
  });

  it('deletes nothing because of a clock that jumped, tells that once, and goes on when time was seen to pass', () => {
    const told: string[] = [];
    const store = openStore(
      { path: ':memory:', retentionMs: 30 * DAY_MS },
      { clock, onNotice: (message) => told.push(message) },
    );
    const work = (nowMs: number): void => {
      store.beginCycle('schedule', nowMs);
      endedMove(store, {}, 'succeeded', nowMs);
      store.prune(nowMs);
    };
    for (let day = 0; day < 20; day += 1) work(T0 + day * DAY_MS);
    for (const jumpDays of [900, 20, 901, -900, 2_000]) work(T0 + jumpDays * DAY_MS);
    expect(store.listCycles(99)).toHaveLength(25);
    expect(store.listMoves({ limit: 99 })).toHaveLength(25);
    expect(told, 'once for each of the three').toEqual(
      Array(3).fill(expect.stringContaining('they are kept')),
    );
    for (let day = 21; day < 60; day += 1) work(T0 + day * DAY_MS);
    const left = store.listMoves({ limit: 99 }).filter(({ endedAtMs = 0 }) => endedAtMs < T0 + 60 * DAY_MS);
    expect(left.map(({ endedAtMs = 0 }) => (endedAtMs - T0) / DAY_MS).toReversed()[0]).toBe(29);
  });

  it('keeps the number of moves bounded even when all are fresh, and never reuses an id', () => {
    const store = inMemory({ maxMoves: 2 });
    for (let count = 0; count < 5; count += 1) endedMove(store, {}, 'succeeded', T0);
    store.prune(T0);
    expect(store.listMoves({ limit: 9 }).map(({ id }) => id)).toEqual([5, 4]);
    expect(store.createMove(DRAFT).id).toBe(6);
  });
});

describe('a store on disk', () => {
  it('gives back everything to the next process', () => {
    const path = tempFolder();
    const first = openStore({ path }, { clock });
    const move = first.createMove(DRAFT);
    first.setPause({ reason: 'r', by: 'b', atMs: T0, untilMs: null });
    first.close();
    first.close();
    const second = openStore({ path }, { clock });
    expect(second.unresolvedMoves()).toEqual([move]);
    expect(second.pause(T0)?.reason).toBe('r');
    second.close();
  });

  it('does not change at all when the disk is full, and goes on when there is space again', () => {
    const path = tempFolder();
    openStore({ path }, { clock }).close();
    const full = openStore({ path, maxPages: 1 }, { clock });
    const fill = (): void => {
      for (let count = 0; count < 2_000; count += 1) {
        full.createMove({ ...DRAFT, table: 't'.repeat(2_000) });
      }
    };
    expect(fill).toThrow(/the disk is full\. Free some space/);
    const kept = full.unresolvedMoves();
    full.close();
    const roomy = openStore({ path }, { clock });
    expect(roomy.createMove(DRAFT).id).toBe(kept.length + 1);
    roomy.close();
  });
});
