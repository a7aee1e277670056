import { describe, expect, it } from 'vitest';
import type { MoveRecord } from '../../../src/domain/move.ts';
import type { RebalancerEvent } from '../../../src/observability/events.ts';
import { statusSchema, VERDICTS } from '../../../src/server/api/answers.ts';
import { buildStatus, withHolds } from '../../../src/server/api/status.ts';
import type { StatusFacts } from '../../../src/server/api/status.ts';
import { events, liveAfter, sampleMove, samplePlan, START_MS } from '../../support/observability.ts';
import { makeBalance } from '../../support/plans.ts';

/** Facts of a daemon that is fine and has nothing to tell. */
function statusFacts(overrides: Partial<StatusFacts> & Pick<StatusFacts, 'live'>): StatusFacts {
  return {
    nowMs: START_MS + 10_000,
    uptimeMs: 10_000,
    version: '1.2.3',
    cluster: { name: 'prod', api: 'sql', version: '1.3.0', features: ['followers'] },
    dryRun: false,
    drains: new Map(),
    pid: 1,
    paused: undefined,
    failures: [],
    stateProblem: undefined,
    tables: { include: [], exclude: [] },
    leader: { leads: true, holder: null },
    nextTickAtMs: START_MS + 60_000,
    scheduleIntervalMs: 60_000,
    maxSnapshotAgeMs: 60_000,
    timeLeftMs: undefined,
    expectedMs: undefined,
    silentMs: 0,
    quarantined: 0,
    quarantineEndsAtMs: undefined,
    restingDatanodes: new Map(),
    cooling: 0,
    ...overrides,
  };
}

const { cycle, taken, planned, ended, finished, gate } = events;
const started = { ...events.started, move: sampleMove({ state: 'checking' }) };
const second = { id: 8, regionId: '4398046511106', from: '2' };

const base = samplePlan();
const even = samplePlan({ moves: [], minimumMoves: 0, blocked: [], before: base.after });
const stuck = samplePlan({ moves: [], minimumMoves: 0 });
const seen = [cycle, taken, planned()];
const typo = {
  code: 'nothing-selected',
  key: 'tables.include',
  name: 'publik.*',
  detail: 'No table matches tables.include (publik.*): there is nothing to balance.',
} as const;
const withQuarantined = makeBalance([4, 4, { regions: 0, state: 'quarantined' }], { nodeSkew: 4 });
const watched = makeBalance(
  [
    { regions: 2, load: 8 },
    { regions: 2, load: 4 },
  ],
  {
    load: { by: 'writes', mean: 6, low: 5.4, high: 6.6, outside: 2, state: 'waiting', cyclesToWait: 3 },
  },
);
const deadWithRegion = makeBalance([1, 1, { regions: 1, state: 'dead' }], { regionsOnDead: 1 });
const dead = base.after.datanodes.map((node) =>
  node.id === '2' ? { ...node, state: 'dead' as const, drains: false } : node,
);
const withoutOne = [taken, planned({ ...even, before: { ...even.before, datanodes: dead } })];

const breaker = { untilMs: null, reason: '3 migrations failed in a row (limit 3).', by: 'breaker' };
const failedMove = (to: string, cause = 'rolled_back'): MoveRecord =>
  sampleMove({ state: 'failed', cause, to });

const verdicts: [
  verdict: string,
  events: RebalancerEvent[],
  facts?: Partial<StatusFacts>,
  detail?: string,
][] = [
  ['starting: No plan has been made yet.', []],
  ['starting: No plan has been made yet.', [cycle, taken]],
  [
    'standby: rebalancer-1 leads; this replica stands by and moves nothing.',
    seen,
    { leader: { leads: false, holder: 'rebalancer-1' } },
    'Shown here are the plan and the history of this replica. What moves now, and how long the rest takes, is shown by rebalancer-1. By the plan of this replica: 2 moves would balance the cluster.',
  ],
  [
    'standby: No replica is known to lead; this replica stands by and moves nothing.',
    [],
    { leader: { leads: false, holder: null } },
    'Shown here are the plan and the history of this replica. What moves now, and how long the rest takes, is shown by the replica that leads.',
  ],
  [
    'balancing: 1 of 2 moves done; the last cycle failed, the next one tries again.',
    [...seen, started, ended(), finished('failed', 'connect ECONNREFUSED')],
    { timeLeftMs: 4_000 },
    'connect ECONNREFUSED',
  ],
  [
    'balancing: 1 of 2 moves done.',
    [...seen, started, ended(), finished('failed', 'connect ECONNREFUSED'), cycle],
    { timeLeftMs: 4_000 },
    'connect ECONNREFUSED',
  ],
  [
    'balanced: Datanode 2 is empty. Balanced.',
    [taken, planned(even), finished('failed', 'connect ECONNREFUSED')],
    {},
    'connect ECONNREFUSED',
  ],
  [
    'lost-contact: GreptimeDB could not be read yet.',
    [finished('failed', 'connect ECONNREFUSED')],
    {},
    'connect ECONNREFUSED',
  ],
  [
    'lost-contact: No answer from GreptimeDB for 40 s. Shown is what was known before.',
    seen,
    { silentMs: 40_900, timeLeftMs: 22_000 },
  ],
  ['lost-contact: GreptimeDB was last read 2 min ago.', seen, { nowMs: START_MS + 120_000 }],
  [
    'paused: Paused by anna until 2026-01-01T00:00:00.000Z: deploy. 2 moves would balance the cluster.',
    seen,
    { paused: { untilMs: START_MS, reason: 'deploy', by: 'anna' } },
  ],
  [
    'paused: Paused by anna until resumed. 2 moves would balance the cluster.',
    seen,
    { paused: { untilMs: null, reason: '', by: 'anna' } },
  ],
  [
    'paused: Paused by anna until resumed. 2 moves would balance the cluster.',
    [...seen, finished('failed', 'connect ECONNREFUSED')],
    { paused: { untilMs: null, reason: '', by: 'anna' } },
  ],
  [
    'paused: Paused by anna until resumed. Datanode 2 is empty. Balanced.',
    [taken, planned(even), finished('balanced')],
    { paused: { untilMs: null, reason: '', by: 'anna' } },
  ],
  [
    'blocked: The state folder cannot be used: nothing is planned or moved.',
    seen,
    { stateProblem: 'The state file is another one than at the start.', nowMs: START_MS + 7_200_000 },
    'The state file is another one than at the start.',
  ],
  [
    'nothing-selected: No regions: there is nothing to balance. The configuration selects every table except greptime_private.*, and none of them has a region.',
    [taken, planned({ ...even, before: makeBalance([0, 0]), after: makeBalance([0, 0]) })],
    { tables: { include: [], exclude: ['greptime_private.*'] } },
  ],
  [
    'nothing-selected: No regions: there is nothing to balance. The configuration selects public.*, and none of them has a region.',
    [taken, planned({ ...even, before: makeBalance([0, 0]), after: makeBalance([0, 0]) })],
    { tables: { include: ['public.*'], exclude: [] } },
  ],
  [
    'paused: Paused automatically: 3 migrations failed in a row (limit 3). Run resume to continue. 2 moves would balance the cluster.',
    seen,
    { paused: breaker },
  ],
  [
    'paused: Paused automatically: 3 migrations failed in a row (limit 3). Run resume to continue. 2 moves would balance the cluster.',
    seen,
    { paused: breaker, failures: [failedMove('4'), failedMove('4')] },
    'Last 2 failures to datanode 4: rolled back. The migration began and the cluster undid it. Look at the log and the disk of the target, and whether it reaches the object storage and the write-ahead log.',
  ],
  [
    'paused: Paused automatically: 3 migrations failed in a row (limit 3). Run resume to continue. 2 moves would balance the cluster.',
    seen,
    { paused: breaker, failures: [failedMove('4'), failedMove('2', 'procedure-lost'), failedMove('3')] },
    '2 of the last 3 failures to datanodes 3 and 4: rolled back. The migration began and the cluster undid it. Look at the log and the disk of the target, and whether it reaches the object storage and the write-ahead log.',
  ],
  ['balanced: Datanode 2 is empty. Balanced.', [taken, planned(even), finished('balanced')]],
  ['balanced: Datanode 2 is empty. Balanced.', [taken, planned(even)], { dryRun: true }],
  ['balanced: Datanode 2 is empty. Balanced.', [...seen, started, ended(), ended(second)]],
  [
    'blocked: 1 region left on datanode 2, which drains. Unbalanced; every useful move is blocked.',
    [taken, planned(stuck), finished('blocked')],
    {},
    '1 × pinned: The configuration pins this region or its table.',
  ],
  [
    'blocked: 2 moves cannot start. The cluster is in maintenance mode.',
    [...seen, gate('maintenance', ''), finished('gated')],
  ],
  [
    'blocked: 2 moves cannot start. The cluster is in maintenance mode.',
    [...seen, gate('maintenance', 'Metasrv says that it is in maintenance.')],
    {},
    'Metasrv says that it is in maintenance.',
  ],
  [
    'dry-run: 2 moves would balance the cluster; execution.dryRun is true, so none is made.',
    [...seen, finished('planned')],
    { dryRun: true },
  ],
  [
    'dry-run: 1 region led by dead datanode 2: left to failover. 2 moves would balance the rest; execution.dryRun is true, so none is made.',
    [taken, planned(samplePlan({ after: deadWithRegion })), finished('planned')],
    { dryRun: true },
  ],
  [
    'dry-run: Datanode 2 is in quarantine after failed migrations: nothing moves to it, and the plan leaves it out. 2 moves would balance the rest, more follow when datanode 2 may receive regions again; execution.dryRun is true, so none is made.',
    [taken, planned(samplePlan({ after: withQuarantined })), finished('planned')],
    { dryRun: true },
  ],
  [
    'blocked: Unbalanced: datanode 0 is 33 % above the mean load. If it stays so, a plan follows in 3 cycles, at 2026-01-01T00:03:00.000Z.',
    [taken, planned({ ...stuck, before: watched, after: watched, blocked: [] }), finished('blocked')],
  ],
  [
    'blocked: Unbalanced: datanode 0 is 33 % above the mean load. If it stays so, a plan follows in 3 cycles, at 2026-01-01T00:03:00.000Z. execution.dryRun is true, so no move will be made.',
    [taken, planned({ ...stuck, before: watched, after: watched, blocked: [] }), finished('planned')],
    { dryRun: true },
  ],
  [
    'dry-run: 2 moves would reduce the imbalance, not end it; execution.dryRun is true, so none is made.',
    [
      taken,
      planned(samplePlan({ after: makeBalance([3, 1], { tableSpreadViolation: 1 }) })),
      finished('planned'),
    ],
    { dryRun: true },
  ],
  ['balancing: 0 of 2 moves done; the time left is known after the first move.', [...seen, started]],
  [
    'balancing: 1 of 2 moves done, about 4 s left (from one move, so roughly).',
    [...seen, started, ended()],
    { timeLeftMs: 4_000 },
  ],
  ['balancing: 1 of 2 moves done.', [...seen, started, ended()], { timeLeftMs: undefined }],
  [
    'balancing: 1 of 2 moves done; the one under way takes long: 2 min, others took 4 s.',
    [...seen, started, ended(), { ...started, move: sampleMove({ ...second, state: 'checking' }) }],
    { timeLeftMs: 4_000, nowMs: START_MS + 120_000 },
  ],
  [
    'balancing: 1 of 2 moves done, about 4 s left (from one move, so roughly); continues next cycle.',
    [...seen, started, ended(), gate('move-limit', ''), finished('moved')],
    { timeLeftMs: 4_000 },
  ],
  [
    'balancing: 1 of 2 moves done, about 4 s left (from one move, so roughly); waits for the hourly limit of moves.',
    [...seen, started, ended(), gate('hourly-limit', ''), finished('gated')],
    { timeLeftMs: 4_000 },
  ],
  [
    'balancing: 1 region left on datanode 2, which drains. 1 of 2 moves done, 1 did not succeed; continues next cycle.',
    [...seen, ended(), ended({ ...second, state: 'failed' }), finished('partial')],
  ],
  ['balanced: Datanode 2 is dead. Balanced.', withoutOne],
  [
    'attention: Datanode 2 is in quarantine after failed migrations: nothing moves to it, and the plan leaves it out. Unbalanced until datanode 2 may receive regions again. 3 regions are in quarantine. The first quarantine ends 2026-01-01T00:01:00.000Z.',
    [
      taken,
      planned({ ...even, after: withQuarantined, before: withQuarantined, blocked: [] }),
      finished('blocked'),
    ],
    { quarantined: 3, quarantineEndsAtMs: START_MS + 60_000 },
  ],
  [
    'blocked: 1 region left on datanode 2, which drains. Unbalanced; every useful move is blocked. 1 region is in quarantine. The first quarantine ends 2026-01-01T00:01:00.000Z.',
    [taken, planned(stuck), finished('blocked')],
    { quarantined: 1, quarantineEndsAtMs: START_MS + 60_000 },
    '1 × pinned: The configuration pins this region or its table.',
  ],
  [
    'attention: 1 region led by dead datanode 2: left to failover. The rest is balanced.',
    [taken, planned({ ...even, after: deadWithRegion, before: deadWithRegion }), finished('blocked')],
  ],
  [
    'nothing-selected: No table matches tables.include (publik.*): there is nothing to balance.',
    [
      taken,
      planned({ ...even, before: makeBalance([0, 0]), after: makeBalance([0, 0]), warnings: [typo] }),
      finished('blocked'),
    ],
  ],
  // A long run of moves is no lost contact.
  [
    'balancing: 0 of 2 moves done; the time left is known after the first move.',
    [...seen, started],
    { nowMs: START_MS + 7_200_000 },
  ],
];

describe('the verdict', () => {
  it.each(verdicts)('is %s', async (verdict, events, facts = {}, detail?) => {
    const status = buildStatus(statusFacts({ live: await liveAfter(events), ...facts }));
    const [, code, sentence] = /^(.+?): (.*)$/.exec(verdict) ?? [];
    expect(status.verdict).toEqual({ code, sentence, detail: detail ?? null });
  });

  it('is tested for each word', () => {
    expect(new Set(verdicts.map(([verdict]) => verdict.split(': ')[0]))).toEqual(new Set(VERDICTS));
  });
});

describe('buildStatus', () => {
  it('has the documented form from the first moment on', async () => {
    const status = buildStatus(statusFacts({ live: await liveAfter([]) }));
    expect(statusSchema.parse(status)).toEqual(status);
    expect(status).toMatchObject({ snapshot: null, plan: null, currentMove: null, datanodes: [], gates: [] });
  });

  it('tells when a plan follows for a load that is watched, when a quarantine ends, and what is even without those left out', async () => {
    const watching = await liveAfter([
      taken,
      planned({ ...stuck, before: watched, after: watched, blocked: [] }),
    ]);
    const facts = { live: watching, quarantineEndsAtMs: START_MS + 60_000 };
    expect(buildStatus(statusFacts(facts))).toMatchObject({
      loadPlanAt: '2026-01-01T00:03:00.000Z',
      quarantineEndsAt: new Date(START_MS + 60_000).toISOString(),
      balance: { now: { isEven: false } },
    });
    const plans = [even, { ...even, before: withQuarantined, after: withQuarantined, blocked: [] }];
    const lives = await Promise.all(plans.map((plan) => liveAfter([taken, planned(plan)])));
    const statuses = lives.map((live) => buildStatus(statusFacts({ live })));
    expect(statuses.map(({ balance }) => balance?.now.isEven)).toEqual([true, false]);
    expect(statuses.map(({ loadPlanAt }) => loadPlanAt)).toEqual([null, null]);
  });

  it('tells everything of a move under way', async () => {
    const move = sampleMove({ state: 'watching' });
    const watching: RebalancerEvent = { type: 'move-state', move, previous: 'submitted' };
    const live = await liveAfter([...seen, started, watching]);
    const restingDatanodes = new Map([['2', ['source' as const]]]);
    const status = buildStatus(
      statusFacts({ live, quarantined: 2, restingDatanodes, cooling: 1, expectedMs: 5_000 }),
    );
    expect(statusSchema.parse(status)).toEqual(status);
    expect(status).toMatchObject({
      cycle: { id: '3', trigger: 'schedule' },
      currentMove: {
        move: { regionId: '4398046511104', state: 'watching', from: '0', to: '1' },
        position: 1,
        total: 2,
        inStateSeconds: 10,
      },
      queue: { length: 1, next: [{ regionId: '4398046511106' }] },
      progress: { done: 0, failed: 0, remaining: 2, etaSeconds: null, expectedSeconds: 5 },
      plan: { moves: 2, minimumMoves: 2, optimal: true },
      balance: {
        before: { tableSkewMax: 2, nodeSkew: 2 },
        now: { tableSkewMax: 2, nodeSkew: 2 },
        after: { tableSkewMax: 1, nodeSkew: 1 },
      },
      snapshot: { ageSeconds: 10, datanodes: 3, tables: 1, regions: 3 },
      nextTickAt: '2026-01-01T00:01:00.000Z',
      quarantined: 2,
      quarantinedDatanodes: 1,
      datanodes: [{ id: '0' }, { id: '1' }, { id: '2', quarantine: ['source'] }],
      cooling: 1,
      blocked: [{ code: 'pinned', count: 1 }],
      process: { version: '1.2.3', uptimeSeconds: 10 },
    });
  });

  it('tells what the datanodes carry where load is evened out', async () => {
    const { before, after } = samplePlan();
    const band = { by: 'writes', mean: 4, low: 3.6, high: 4.4, outside: 2, state: 'uneven' } as const;
    const plan = samplePlan({
      before: { ...before, load: band, datanodes: before.datanodes.map((node) => ({ ...node, load: 6 })) },
      after: { ...after, load: band, datanodes: after.datanodes.map((node) => ({ ...node, load: 4 })) },
    });
    const { load, datanodes } = buildStatus(statusFacts({ live: await liveAfter([planned(plan)]) }));
    expect(load).toEqual(band);
    expect([datanodes[0]?.load, datanodes[0]?.loadAfter]).toEqual([6, 4]);
    expect(buildStatus(statusFacts({ live: await liveAfter([]) })).load).toBeNull();
  });

  it('lets the datanodes follow the moves', async () => {
    const { datanodes } = buildStatus(statusFacts({ live: await liveAfter([...seen, started, ended()]) }));
    expect(datanodes.map(({ id, addr, regions, regionsAfter }) => [id, addr, regions, regionsAfter])).toEqual(
      [
        ['0', '10.0.0.10:4001', 1, 1],
        ['1', '10.0.0.11:4001', 1, 2],
        ['2', '10.0.0.12:4001', 1, 0],
      ],
    );
  });

  it('tells the share of each datanode by its weight, of what may be moved', async () => {
    const states = [
      ['0', 'target', 1, 7],
      ['1', 'target', 2, 1],
      ['2', 'draining', 1, 1],
      ['3', 'cordoned', 1, 4],
      ['4', 'dead', 1, 2],
    ] as const;
    const before = {
      ...base.before,
      datanodes: states.map(([id, state, weight, regions]) => ({
        ...{ id, state, weight, regions },
        drains: state === 'draining',
      })),
    };
    const { datanodes } = buildStatus(
      statusFacts({ live: await liveAfter([taken, planned({ ...base, before })]) }),
    );
    expect(datanodes.map(({ share }) => share)).toEqual([3, 6, 0, null, null]);
  });

  it('shows the first ten of a long queue', async () => {
    const move = samplePlan().moves[0]!;
    const moves = Array.from({ length: 40 }, (_, index) => ({
      ...move,
      seq: index + 1,
      regionId: String(index),
    }));
    const { queue } = buildStatus(statusFacts({ live: await liveAfter([planned(samplePlan({ moves }))]) }));
    expect([queue.length, queue.next.length]).toEqual([40, 10]);
  });
});

describe('an explanation that promises moves', () => {
  const moves = { kind: 'region', id: '1', answer: 'It moves.', reasons: [], facts: { seq: 1 } } as const;
  const paused = { untilMs: null, reason: 'deploy', by: 'anna' };

  it.each<[string, Partial<StatusFacts>, RebalancerEvent[], string]>([
    ['while nothing forbids it', {}, [], ''],
    ['while paused', { paused }, [], ' Not now: Paused by anna until resumed: deploy.'],
    ['in a dry run', { dryRun: true }, [], ' Not now: execution.dryRun is true: '],
    ['in maintenance', {}, [gate('maintenance', '')], ' Not now: The cluster is in maintenance mode.'],
    ['on a standby', { leader: { leads: false, holder: 'b' } }, [], ' Not now: b leads; this replica'],
    ['without contact', { silentMs: 40_000 }, [], ' Not now: No answer from GreptimeDB for 40 s.'],
    ['at the limit of a cycle', {}, [gate('move-limit', '')], ''],
  ])('says what holds them back %s', async (_, facts, more, wanted) => {
    const live = await liveAfter([...seen, ...more]);
    const { answer } = withHolds(moves, statusFacts({ live, ...facts }));
    expect(answer.startsWith(`It moves.${wanted}`)).toBe(true);
    if (wanted === '') expect(answer).toBe('It moves.');
  });

  it('adds nothing to one that promises none', async () => {
    const stays = { ...moves, facts: { moves: 0 } };
    expect(withHolds(stays, statusFacts({ live: await liveAfter(seen), paused }))).toBe(stays);
  });
});

it('tells for how long the process has run also when the wall clock was set back', async () => {
  const status = buildStatus(statusFacts({ live: await liveAfter([]), nowMs: START_MS - 3_600_000 }));
  expect(status.process.uptimeSeconds).toBe(10);
  expect(Date.parse(status.process.startedAt)).toBe(START_MS - 3_610_000);
});
