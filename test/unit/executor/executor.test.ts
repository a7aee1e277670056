import { describe, expect, it } from 'vitest';
import { whyStopping } from '../../../src/executor/gates.ts';
import { SERVER_TIMES } from '../../../src/executor/options.ts';
import { writeState } from '../../../src/executor/states.ts';
import type { Store } from '../../../src/store/port.ts';
import { createRig, FOREIGN, moveOf, OPTIONS, REGION, type Rig } from '../../support/executor.ts';

const REGIONS = { [REGION]: '0', '2': '0', '3': '0', '4': '0' };
const MOVES = [REGION, '2', '3', '4'].map((regionId, index) => moveOf({ regionId, seq: index + 1 }));

function eventsOf(rig: Rig, type: string): unknown[] {
  return rig.events.filter((event) => event.type === type);
}

describe('a list of moves', () => {
  it('is carried out one at a time, with a pause between', async () => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    const report = await rig.execute(MOVES);
    expect(report).toMatchObject({ counts: { succeeded: 4 }, submitted: 4, remaining: 0 });
    expect(report.closed).toEqual([]);
    expect(rig.cluster.maxInFlight).toBe(1);
    expect(rig.clock.monotonicMs()).toBeGreaterThanOrEqual(4 * 2_000 + 3 * OPTIONS.pauseBetweenMovesMs);
    expect(eventsOf(rig, 'move-started')).toMatchObject(
      MOVES.map(({ regionId }) => ({ move: { regionId } })),
    );
  });

  it('pauses between two lists of one cycle, where the first one ended with a migration', async () => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    await rig.execute(MOVES.slice(0, 1));
    const endedMs = rig.clock.monotonicMs();
    await rig.execute(MOVES.slice(1, 2));
    expect(rig.clock.monotonicMs() - endedMs).toBeGreaterThanOrEqual(2_000 + OPTIONS.pauseBetweenMovesMs);
  });

  it('adds less than 5 % to a migration of 10 s', async () => {
    const rig = createRig();
    rig.cluster.script({ endsAtMs: 10_000 });
    await rig.execute([moveOf()]);
    expect(rig.clock.monotonicMs()).toBeLessThan(10_500);
  });

  it('waits no longer than it is told to, however short that is', async () => {
    const rig = createRig({ options: { moveTimeoutMs: 20_000 } });
    rig.cluster.script({ endsAtMs: 5_000_000 });
    const report = await rig.execute([moveOf()]);
    expect(report.counts.timed_out).toBe(1);
    expect(rig.clock.monotonicMs()).toBeLessThan(23_000);
  });

  it('ends at the limit of the cycle; moves that were not submitted do not count', async () => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    rig.cluster.region(REGION).leader = '2';
    const report = await rig.execute(MOVES, { limit: 2 });
    expect(report).toMatchObject({
      submitted: 2,
      counts: { abandoned: 1, succeeded: 2 },
      remaining: 1,
      closed: [{ code: 'move-limit' }],
    });
  });

  it('ends at the limit of the hour', async () => {
    const rig = createRig({ cluster: { regions: REGIONS }, options: { maxMovesPerHour: 2 } });
    expect(await rig.execute(MOVES)).toMatchObject({ submitted: 2, closed: [{ code: 'hourly-limit' }] });
    await rig.clock.advance(3_600_000);
    expect((await rig.execute(MOVES.slice(2))).closed).toEqual([]);
  });

  it('ends before anything is sent when gates are closed, and tells every one of them', async () => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    rig.cluster.onSubmitted = () => {
      rig.store.setPause({ by: 'anna', reason: 'upgrade', atMs: 0, untilMs: null });
      rig.cluster.safety = { maintenance: true, procedureManager: 'running' };
    };
    const report = await rig.execute(MOVES);
    const closed = [
      { code: 'paused', detail: 'Paused by anna until resumed: upgrade' },
      { code: 'maintenance' },
    ];
    expect(report).toMatchObject({ submitted: 1, remaining: 3, closed });
    expect(rig.store.listMoves({ limit: 9 })).toHaveLength(1);
    expect(rig.cluster.submissions).toHaveLength(1);
    expect(eventsOf(rig, 'gate-closed')).toMatchObject(closed);
  });

  it('reads what it needs once for each move, and nothing that it does not need', async () => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    const asked: string[] = [];
    rig.cluster.onRequest = (name) => asked.push(name);
    await rig.execute([moveOf()]);
    const before = asked.slice(0, asked.indexOf('submitMigration'));
    expect(before.sort()).toEqual(['listProcedures', 'readDatanodes', 'readRegion', 'readSafety']);
  });

  it('ends when so many fail in a row, and does not begin until that is forgotten', async () => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    rig.cluster.script({ answer: 'invalid' }, { answer: 'invalid' }, { answer: 'invalid' });
    expect((await rig.execute(MOVES)).closed).toMatchObject([{ code: 'too-many-failures' }]);
    expect(rig.cluster.submissions).toHaveLength(3);
    expect((await rig.execute([MOVES[3]!])).closed).toMatchObject([{ code: 'too-many-failures' }]);
    rig.store.clearPause();
    expect((await rig.execute([MOVES[3]!])).counts.succeeded).toBe(1);
  });

  it('goes on past one that failed, and a success ends the run of failures', async () => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    rig.cluster.script({ answer: 'invalid' }, { answer: 'invalid' }, {}, { answer: 'invalid' });
    expect((await rig.execute(MOVES)).counts).toMatchObject({ failed: 3, succeeded: 1 });
    expect(rig.store.failureRun()).toBe(1);
  });

  it('waits for a migration of somebody else, and gives up when that takes long', async () => {
    const patient = createRig();
    patient.cluster.foreign.push(FOREIGN);
    patient.clock.setTimer(10_000, () => patient.cluster.foreign.pop());
    expect((await patient.execute([moveOf()])).counts.succeeded).toBe(1);

    const blocked = createRig();
    blocked.cluster.foreign.push(FOREIGN);
    expect(await blocked.execute([moveOf()])).toMatchObject({
      submitted: 0,
      records: [],
      closed: [{ code: 'migration-running' }],
    });
    expect(blocked.clock.monotonicMs()).toBe(SERVER_TIMES.foreignWaitMs);
  });

  it('leaves regions alone that rest', async () => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    rig.cluster.script({}, { answer: 'invalid' });
    await rig.execute(MOVES.slice(0, 2));
    const again = await rig.execute([moveOf({ from: '1', to: '0' }), MOVES[1]!]);
    expect(again.records.map(({ cause }) => cause)).toEqual(['cooldown', 'quarantined']);
    expect(rig.cluster.submissions).toHaveLength(2);
  });

  it('moves a region that rests off a datanode that drains', async () => {
    const rig = createRig({ standing: { draining: ['1'] } });
    rig.store.importHolds({
      cooldowns: [{ regionId: REGION, untilMs: rig.clock.now() + 1_000_000 }],
      quarantine: [],
      datanodes: [],
    });
    rig.cluster.region(REGION).leader = '1';
    const report = await rig.execute([moveOf({ from: '1', to: '0', reason: 'drain' })]);
    expect(report.counts.succeeded).toBe(1);
  });

  it('stops when the cluster cannot be read, before anything is sent', async () => {
    const rig = createRig();
    rig.cluster.outage(0, 10_000);
    const report = await rig.execute([moveOf()]);
    expect(report).toMatchObject({ submitted: 0, remaining: 1, closed: [{ code: 'cluster-unhealthy' }] });
  });

  it('goes on past a look that lasts too long', async () => {
    const rig = createRig();
    let looks = 0;
    rig.cluster.onRequest = (name) => {
      looks += name === 'readProcedure' ? 1 : 0;
      if (name === 'readProcedure' && looks === 1)
        throw new DOMException('It took too long.', 'TimeoutError');
    };
    expect((await rig.execute([moveOf()])).counts.succeeded).toBe(1);
    expect(looks).toBeGreaterThan(1);
  });

  it('that is refused as the process is told to stop is left for recovery, which finds it', async () => {
    const rig = createRig();
    rig.cluster.script({ answer: 'peer-unavailable', arrives: true, endsAtMs: 1_000 });
    rig.cluster.onSubmitted = () => rig.controller.abort();
    expect(await rig.execute([moveOf()])).toMatchObject({ closed: [{ code: 'stopping' }] });
    expect(rig.store.unresolvedMoves()).toMatchObject([{ state: 'intent-recorded' }]);
    await rig.drive(rig.executor.recover(new AbortController().signal));
    expect(rig.store.move(1)).toMatchObject({ state: 'succeeded' });
  });

  it('is refused while another one is under way', async () => {
    const rig = createRig();
    const first = rig.execute([moveOf()]);
    await expect(
      rig.executor.execute([moveOf()], { planId: 'p', cycleId: 1, limit: 1 }, rig.controller.signal),
    ).rejects.toThrow('one thing at a time');
    await first;
  });
});

describe('a region', () => {
  it('rests twice as long after each failure, up to the longest', async () => {
    const rig = createRig({ options: { maxConsecutiveFailures: 99 } });
    const delays: number[] = [];
    for (let count = 0; count < 9; count += 1) {
      rig.cluster.script({ answer: 'invalid' });
      await rig.execute([moveOf()]);
      const untilMs = rig.store.quarantineOf(REGION)!.untilMs;
      delays.push((untilMs - rig.clock.now()) / OPTIONS.quarantine.baseMs);
      await rig.clock.advance(untilMs - rig.clock.now());
    }
    expect(delays).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 144]);
    expect(eventsOf(rig, 'quarantined')).toHaveLength(9);
  });

  it('that goes back within the cooldown is counted as moved in vain', async () => {
    const rig = createRig();
    await rig.execute([moveOf()]);
    rig.store.releaseCooldown(REGION);
    await rig.execute([moveOf({ from: '1', to: '0' })]);
    expect(eventsOf(rig, 'redundant-move')).toMatchObject([{ move: { id: 2, to: '0' } }]);
    await rig.clock.advance(OPTIONS.regionCooldownMs);
    await rig.execute([moveOf()]);
    expect(eventsOf(rig, 'redundant-move')).toHaveLength(1);
  });
});

it('a move that was not asked for when the process ended is told neither as under way nor as one that goes on', async () => {
  const rig = createRig();
  const { regionId, tableId, table, from, to, reason } = moveOf();
  rig.store.createMove({
    ...{ planId: 'p', cycleId: 1, createdAtMs: 0 },
    ...{ regionId, tableId, table, from, to, reason },
  });
  expect(whyStopping(rig.store.unresolvedMoves())).toBe('The process was told to stop.');
  const { resolved } = await rig.drive(rig.executor.recover(rig.controller.signal));
  expect(resolved).toMatchObject([{ state: 'abandoned', cause: 'interrupted' }]);
  expect(eventsOf(rig, 'move-started')).toEqual([]);
});

describe('a move that timed out', () => {
  it('holds up everything while it may still run, and its late success is recorded', async () => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    rig.cluster.script({ endsAtMs: 2_000_000 });
    expect((await rig.execute(MOVES)).closed).toMatchObject([{ code: 'migration-running' }]);
    expect(await rig.execute(MOVES.slice(1))).toMatchObject({
      submitted: 0,
      closed: [{ code: 'migration-running' }],
    });
    expect((await rig.drive(rig.executor.recover(rig.controller.signal))).open).toMatchObject([
      { mayStillRun: true, move: { id: 1 } },
    ]);
    await rig.clock.advance(2_000_000);
    const { resolved } = await rig.drive(rig.executor.recover(rig.controller.signal));
    expect(resolved).toMatchObject([{ state: 'timed_out', late: { outcome: 'succeeded', cause: 'moved' } }]);
    expect(eventsOf(rig, 'recovered')).toHaveLength(1);
    expect(rig.store.quarantineOf(REGION)).toBeUndefined();
    expect(rig.store.cooldownUntil(REGION, rig.clock.now())).toBeDefined();
    expect((await rig.execute(MOVES.slice(1))).counts.succeeded).toBe(3);
    expect(rig.cluster.maxInFlight).toBe(1);
  });

  it('holds up only its region once it is certain that nothing runs', async () => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    rig.cluster.script({ downgradesAtMs: 500, region: 'stuck', status: 'failed' });
    const report = await rig.execute(MOVES.slice(0, 2));
    expect(report.counts).toMatchObject({ timed_out: 1, succeeded: 1 });
    await rig.clock.advance(OPTIONS.quarantine.baseMs);
    rig.cluster.region(REGION).status = 'alive';
    const stillOpen = await rig.execute([moveOf()]);
    expect(stillOpen.records).toMatchObject([{ cause: 'migrating' }]);
    await rig.clock.advance(SERVER_TIMES.staleReadMs);
    const { resolved } = await rig.drive(rig.executor.recover(rig.controller.signal));
    expect(resolved).toMatchObject([{ late: { outcome: 'rolled_back' } }]);
  });
});

/** What a process that lived for one cycle leaves. */
function leaveTimedOut(store: Store, nowMs: number): void {
  const { seq, detail, ...move } = moveOf();
  let record = store.createMove({ ...move, planId: `p${seq}${detail}`, cycleId: 1, createdAtMs: nowMs });
  for (const state of ['checking', 'intent-recorded'] as const)
    record = writeState(store, record, state, nowMs);
  record = writeState(store, record, 'submitted', nowMs, { procedureId: 'forgotten', submittedAtMs: nowMs });
  writeState(store, record, 'timed_out', nowMs, { end: { cause: 'still-running', detail: 'It ran on.' } });
}

describe('a move that timed out under another process', () => {
  it.each([
    { knows: 'procedures', leads: 'source', regions: REGIONS, late: 'failed' },
    { knows: 'procedures', leads: 'target', regions: { ...REGIONS, [REGION]: '1' }, late: 'succeeded' },
    { knows: 'routes alone', leads: 'source', regions: REGIONS, late: 'failed' },
    { knows: 'routes alone', leads: 'target', regions: { ...REGIONS, [REGION]: '1' }, late: 'succeeded' },
  ])('does not hold up every next one: $knows known, its $leads leads', async ({ knows, regions, late }) => {
    const isKnown = knows === 'procedures';
    const rig = createRig({ cluster: { regions, listsProcedures: isKnown, hasProcedureState: isKnown } });
    leaveTimedOut(rig.store, rig.clock.now());
    await rig.clock.advance(OPTIONS.quarantine.maxMs);
    const report = await rig.execute([moveOf({ regionId: '2' })]);
    expect(report.counts.succeeded).toBe(1);
    expect(rig.store.move(1)?.late?.outcome).toBe(late);
  });

  it('is left for the next cycle when the cluster does not answer', async () => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    leaveTimedOut(rig.store, rig.clock.now());
    rig.cluster.outage(0, 10_000_000);
    const { open } = await rig.drive(rig.executor.recover(rig.controller.signal));
    expect(open).toMatchObject([{ mayStillRun: true }]);
    expect(rig.clock.monotonicMs()).toBe(SERVER_TIMES.recoverPatienceMs);
  });

  it('is looked at once while its procedure runs', async () => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    leaveTimedOut(rig.store, rig.clock.now());
    rig.cluster.foreign.push({ ...FOREIGN, procedureId: 'forgotten', regionIds: [REGION] });
    const { open } = await rig.drive(rig.executor.recover(rig.controller.signal));
    expect(open).toMatchObject([{ mayStillRun: true }]);
    expect(rig.clock.monotonicMs()).toBe(0);
  });
});

describe('being told to stop', () => {
  const REQUESTS = ['listProcedures', 'readRegion', 'readDatanodes', 'submitMigration', 'readProcedure'];

  it.each(REQUESTS)('during %s ends promptly, and the next start finds out the rest', async (request) => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    rig.cluster.onRequest = (name) => {
      if (name === request) rig.controller.abort();
    };
    const report = await rig.execute(MOVES);
    expect(report.closed).toMatchObject([{ code: 'stopping' }]);
    expect(rig.clock.monotonicMs()).toBe(0);
    rig.cluster.onRequest = () => undefined;
    const next = await rig.drive(rig.executor.recover(new AbortController().signal));
    expect(next.open).toEqual([]);
    expect(rig.store.unresolvedMoves()).toEqual([]);
    expect(rig.cluster.submissions.length).toBe(request === 'readProcedure' ? 1 : 0);
    expect(rig.store.failureRun()).toBe(0);
  });

  it('while the request is under way leaves the migration to the server', async () => {
    const rig = createRig();
    rig.cluster.onSubmitted = () => rig.controller.abort();
    const report = await rig.execute([moveOf()]);
    expect(report.records).toMatchObject([{ state: 'submitted', procedureId: 'procedure-1' }]);
    const { regionId, table, from, to } = moveOf();
    expect(report.closed.map(({ detail }) => detail)).toEqual([
      `The process was told to stop. The migration of region ${regionId} of ${table} from datanode ${from} to ${to} goes on in GreptimeDB; the next start finds it again.`,
    ]);
    const next = await rig.drive(rig.executor.recover(new AbortController().signal));
    expect(next.resolved).toMatchObject([{ state: 'succeeded', cause: 'moved' }]);
    expect(rig.cluster.submissions).toHaveLength(1);
  });

  it('in the pause between two moves ends at once', async () => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    rig.clock.setTimer(3_000, () => rig.controller.abort());
    const report = await rig.execute(MOVES);
    expect(report).toMatchObject({ counts: { succeeded: 1 }, closed: [{ code: 'stopping' }] });
    expect(rig.clock.monotonicMs()).toBe(3_000);
  });

  it('during recovery leaves everything for the next one', async () => {
    const rig = createRig();
    rig.cluster.onSubmitted = () => rig.controller.abort();
    await rig.execute([moveOf()]);
    expect(await rig.executor.recover(rig.controller.signal)).toEqual({
      resolved: [],
      open: [],
      stopped: true,
    });
    expect(rig.store.unresolvedMoves()).toHaveLength(1);
  });
});

describe('recovery', () => {
  it('returns at once, asking nothing, when nothing is open', async () => {
    const rig = createRig();
    let requests = 0;
    rig.cluster.onRequest = () => {
      requests += 1;
    };
    const report = await rig.executor.recover(rig.controller.signal);
    expect(report).toEqual({ resolved: [], open: [], stopped: false });
    expect(requests).toBe(0);
  });

  it('leaves a move as it is while the cluster does not answer, and nothing else is begun', async () => {
    const rig = createRig({ cluster: { regions: REGIONS } });
    rig.cluster.onSubmitted = () => rig.controller.abort();
    await rig.execute([moveOf()]);
    const { signal } = new AbortController();
    rig.cluster.outage(0, 3_600_000);
    const report = await rig.drive(rig.executor.recover(signal));
    expect(report.open).toMatchObject([{ mayStillRun: true, move: { state: 'submitted' } }]);
    expect(report.open[0]?.detail).toContain('nobody answers');
    expect(rig.clock.monotonicMs()).toBe(SERVER_TIMES.recoverPatienceMs);
    const context = { planId: 'p', cycleId: 2, limit: 9 };
    const refused = await rig.drive(rig.executor.execute(MOVES.slice(1), context, signal));
    expect(refused).toMatchObject({ submitted: 0, closed: [{ code: 'migration-running' }] });
    await rig.clock.advance(3_600_000);
    expect((await rig.drive(rig.executor.recover(signal))).resolved).toMatchObject([{ state: 'succeeded' }]);
  });

  it('throws what the store throws, and finds the move again when the store works', async () => {
    const rig = createRig();
    const failing = createRig({
      clock: rig.clock,
      store: {
        ...rig.store,
        writeMove: (change) => {
          if (change.state === 'submitted') throw new Error('the disk is full');
          return rig.store.writeMove(change);
        },
      },
    });
    await expect(failing.execute([moveOf()])).rejects.toThrow('the disk is full');
    expect(rig.store.move(1)?.state).toBe('intent-recorded');
    const again = createRig({ clock: rig.clock, store: rig.store });
    again.cluster.region(REGION).leader = '1';
    expect((await again.drive(again.executor.recover(rig.controller.signal))).resolved).toMatchObject([
      { state: 'succeeded' },
    ]);
  });
});

describe('a process that is told to stop while a request leaves', () => {
  const stop = new DOMException('The process was told to stop', 'AbortError');
  it.each([
    ['the error is the reason to stop: nothing was sent', stop, 'abandoned'],
    ['the error is none of the contract: it may have been', new TypeError('no such'), 'intent-recorded'],
  ])('%s', async (_, error, state) => {
    const rig = createRig();
    rig.cluster.submitMigration = () => {
      rig.controller.abort(stop);
      return Promise.reject(error);
    };
    const report = await rig.execute([moveOf()]);
    expect(report.closed).toMatchObject([{ code: 'stopping' }]);
    expect(rig.store.move(1)?.state).toBe(state);
  });
});
