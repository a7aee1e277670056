import { afterEach, describe, expect, it } from 'vitest';
import { createActions } from '../../../src/app/api/actions.ts';
import { Daemon } from '../../../src/app/daemon/daemon.ts';
import { SOLE_LEADER } from '../../../src/app/ha/leadership.ts';
import { planNow, type Planner } from '../../../src/app/planning/planner.ts';
import { ClusterSession } from '../../../src/app/daemon/cluster-session.ts';
import { toPolicy } from '../../../src/config/effective.ts';
import { readConfig } from '../../../src/config/load.ts';
import { readSecrets } from '../../../src/config/secrets.ts';
import type { Move } from '../../../src/domain/plan.ts';
import { withDrains } from '../../../src/domain/policy.ts';
import type { CheckResult } from '../../../src/executor/check.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import type { RebalancerEvent } from '../../../src/observability/events.ts';
import { trackLiveState } from '../../../src/observability/live-state.ts';
import { silentLogger } from '../../../src/observability/logger.ts';
import type { ServerActions } from '../../../src/server/api/ports.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { createRig, moveOf } from '../../support/executor.ts';
import { FakeCluster } from '../../support/fake-cluster.ts';

interface Stage {
  readonly clock: VirtualClock;
  readonly session: ClusterSession;
  readonly actions: ServerActions;
  readonly events: RebalancerEvent[];
  /** What the network asks at the first byte of a request for a migration. */
  readonly maySubmit: () => Promise<boolean | undefined>;
}

const stages: Stage[] = [];
afterEach(async () => {
  for (const { session } of stages.splice(0)) await session.close();
});

interface StageOptions {
  readonly set?: readonly string[];
  /** The term in which this replica acts, at the moment. */
  readonly term?: () => number | undefined;
}

/** All that answers operators, without a cluster: none of it needs one. */
async function stage({ set = [], term = () => 1 }: StageOptions = {}): Promise<Stage> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 5, 12));
  const config = readConfig({
    env: {},
    cwd: '/',
    set: ['cluster.metasrv.endpoints=["http://127.0.0.1:1"]', 'execution.dryRun=false', ...set],
  });
  const planner: Planner = (input, options) => Promise.resolve(planNow(input, options, clock));
  let ask: (() => boolean) | undefined;
  const session = new ClusterSession(
    { config, secrets: await readSecrets(config) },
    {
      ...{ clock, planner, logger: silentLogger, store: openStore({ path: ':memory:' }, { clock }) },
      openCluster: (_, dependencies) => {
        ask = dependencies.maySubmit;
        return Promise.reject(new Error('There is no cluster'));
      },
      createLeadership: () => ({ ...SOLE_LEADER, isActing: () => term() !== undefined, actingTerm: term }),
    },
  );
  const daemon = new Daemon(session, {
    startSchedule: () => ({
      nextTickAtMs: () => undefined,
      intervalMs: () => 60_000,
      stop: () => undefined,
    }),
    logger: silentLogger,
  });
  const events: RebalancerEvent[] = [];
  session.events.subscribe((event) => events.push(event));
  const live = trackLiveState(session.events, { lastSuccessAtMs: null, recentDurationsMs: [] });
  const maySubmit = async (): Promise<boolean | undefined> => {
    await session.connection.get(new AbortController().signal).catch(() => undefined);
    return ask?.();
  };
  const made = {
    clock,
    session,
    events,
    maySubmit,
    actions: createActions({ session, daemon, live, planner }),
  };
  stages.push(made);
  return made;
}

const BALANCING = moveOf({ from: '0', to: '1' });
const DRAINING: Move = moveOf({ from: '0', to: '1', reason: 'drain' });

function drain({ session, clock }: Stage, datanode: string): void {
  session.store.addDrain({ datanode, by: 'anna', atMs: clock.now() });
}

describe('the last word before a request', () => {
  it('is yes when nobody has said otherwise', async () => {
    const { session } = await stage();
    expect(session.preSubmitCheck(BALANCING)).toEqual({ kind: 'go' });
  });

  it('is no while the rebalancer is paused, and yes when the pause has run out', async () => {
    const { session, actions, clock } = await stage();
    await actions.pause({ forMs: 60_000, reason: 'upgrade', by: 'anna' });
    expect(session.preSubmitCheck(BALANCING)).toMatchObject({ kind: 'gate', code: 'paused' });
    await clock.advance(60_000);
    expect(session.preSubmitCheck(BALANCING)).toEqual({ kind: 'go' });
  });

  it('is no from the moment at which the window ends', async () => {
    // From 11:30 until 12:00: now.
    const { session, clock } = await stage({
      set: ['schedule.windows=[{"cron":"31 11 * * *","duration":"30m"}]', 'schedule.timezone=UTC'],
    });
    expect(session.preSubmitCheck(BALANCING)).toEqual({ kind: 'go' });
    await clock.advance(60_000);
    expect(session.preSubmitCheck(BALANCING)).toMatchObject({ kind: 'gate', code: 'outside-window' });
  });

  it('is no while another configuration waits for the end of the cycle', async () => {
    const { session } = await stage();
    session.noteConfigWaiting(true);
    expect(session.preSubmitCheck(BALANCING)).toMatchObject({ kind: 'gate', code: 'reload-pending' });
    session.applyConfig({ ...session.config });
    expect(session.preSubmitCheck(BALANCING)).toEqual({ kind: 'go' });
  });

  it('is no when another replica leads', async () => {
    const { session } = await stage({ term: () => undefined });
    expect(session.preSubmitCheck(BALANCING)).toMatchObject({ kind: 'gate', code: 'not-leader' });
  });

  it('is no for what was begun before another replica led in between', async () => {
    let term: number | undefined = 1;
    const { session, maySubmit } = await stage({ term: () => term });
    session.openExecutor(new FakeCluster({ regions: {} }, session.clock), () => session.clock.now());
    expect(session.preSubmitCheck(BALANCING)).toEqual({ kind: 'go' });
    term = 2;
    expect(session.preSubmitCheck(BALANCING)).toMatchObject({ kind: 'gate', code: 'not-leader' });
    expect(await maySubmit()).toBe(false);
    session.openExecutor(new FakeCluster({ regions: {} }, session.clock), () => session.clock.now());
    expect(session.preSubmitCheck(BALANCING)).toEqual({ kind: 'go' });
  });

  it('is no when the target began to drain after the plan', async () => {
    const made = await stage();
    drain(made, '1');
    expect(made.session.preSubmitCheck(BALANCING)).toMatchObject({
      kind: 'abandon',
      cause: 'no-longer-wanted',
      detail: 'Datanode 1 drains now.',
    });
  });

  it('is no for a move off a datanode whose drain was taken back, and yes for one that balances', async () => {
    const { session } = await stage();
    expect(session.preSubmitCheck(DRAINING)).toMatchObject({ kind: 'abandon', cause: 'no-longer-wanted' });
    expect(session.preSubmitCheck(BALANCING)).toEqual({ kind: 'go' });
  });

  it.each([
    ['asked for at run time', [], ['0'], []],
    ['named by the configuration', ['datanodes.drain=["0"]'], [], []],
    ['of the command that runs', [], [], ['0']],
  ])('is yes for a move off a datanode that drains: %s', async (_, set, asked, ofCommand) => {
    const made = await stage({ set });
    for (const datanode of asked) drain(made, datanode);
    const policy = withDrains(toPolicy(made.session.config), ofCommand);
    expect(made.session.preSubmitCheck(DRAINING, policy)).toEqual({ kind: 'go' });
  });

  it('holds for what the command that runs drains besides', async () => {
    const { session } = await stage();
    const policy = withDrains(toPolicy(session.config), ['1']);
    expect(session.preSubmitCheck(BALANCING, policy)).toMatchObject({
      kind: 'abandon',
      cause: 'no-longer-wanted',
    });
  });
});

describe('the first byte of a request', () => {
  it.each<[string, (made: Stage) => unknown]>([
    ['a pause', ({ actions }) => actions.pause({ reason: 'upgrade', by: 'anna' })],
    ['the end of the window', ({ clock }) => clock.advance(60_000)],
    ['a drain of the target', (made) => drain(made, '1')],
    ['a state folder that cannot be read', ({ session }) => session.store.close()],
  ])('is held back by what came after the last word: %s', async (_, happen) => {
    const made = await stage({
      set: ['schedule.windows=[{"cron":"31 11 * * *","duration":"30m"}]', 'schedule.timezone=UTC'],
    });
    expect(made.session.preSubmitCheck(BALANCING)).toEqual({ kind: 'go' });
    expect(await made.maySubmit()).toBe(true);
    await happen(made);
    expect(await made.maySubmit()).toBe(false);
  });

  it('is held back when another replica leads, whatever was asked before', async () => {
    const { maySubmit } = await stage({ term: () => undefined });
    expect(await maySubmit()).toBe(false);
  });
});

describe('the executor', () => {
  it.each([
    [{ kind: 'gate', code: 'paused', detail: 'by anna' }, { cause: 'gate-closed' }, { code: 'paused' }],
    [
      { kind: 'abandon', cause: 'no-longer-wanted', detail: 'drains now' },
      { cause: 'no-longer-wanted' },
      undefined,
    ],
  ] as const)('sends nothing when the last word is %o', async (word, end, stop) => {
    const rig = createRig();
    const report = await rig.execute([moveOf()], { preSubmitCheck: () => word });
    expect(rig.cluster.submissions).toEqual([]);
    expect(report).toMatchObject({ submitted: 0, records: [{ state: 'abandoned', ...end }] });
    if (stop) expect(report.stop).toMatchObject(stop);
    else expect(report.stop).toBeUndefined();
  });

  it.each([
    [{ kind: 'gate', code: 'paused', detail: 'by anna' }, 'paused'],
    [{ kind: 'abandon', cause: 'no-longer-wanted', detail: 'drains now' }, undefined],
    [{ kind: 'go' }, 'cluster-unhealthy'],
  ] as const)(
    'ends for the reason why the request was held back at its first byte: %o',
    async (word, stop) => {
      const rig = createRig();
      rig.cluster.script({ answer: 'unsent' });
      const words: CheckResult[] = [{ kind: 'go' }];
      const report = await rig.execute([moveOf()], { preSubmitCheck: () => words.shift() ?? word });
      expect(report.records).toMatchObject([{ state: 'abandoned', cause: 'not-sent' }]);
      expect(report.stop?.code).toBe(stop);
    },
  );

  it('asks for it after the check, when the intent is not yet written', async () => {
    const rig = createRig();
    const states: string[] = [];
    await rig.execute([moveOf()], {
      preSubmitCheck: () => {
        states.push(...rig.store.unresolvedMoves().map(({ state }) => state));
        return { kind: 'go' };
      },
    });
    expect(states).toEqual(['checking']);
  });
});

describe('the end of a drain', () => {
  it('is told, kept, and counts at once', async () => {
    const made = await stage();
    drain(made, '0');
    drain(made, '2');
    expect(await made.actions.undrain({ datanodes: ['0'], by: 'anna' })).toEqual({ draining: ['2'] });
    expect(made.session.store.drains().map(({ datanode }) => datanode)).toEqual(['2']);
    expect(made.events).toMatchObject([{ type: 'drain-ended', datanodes: ['0'], by: 'anna' }]);
    expect(made.session.preSubmitCheck(DRAINING)).toMatchObject({
      kind: 'abandon',
      cause: 'no-longer-wanted',
    });
  });

  it.each([
    ['one that does not drain', 'not-draining', ['0', '7']],
    ['one that the configuration drains', 'configured-drain', ['0', '3']],
  ])('is refused as a whole when it names %s', async (_, code, datanodes) => {
    const made = await stage({ set: ['datanodes.drain=["3"]'] });
    drain(made, '0');
    const answer = Promise.resolve().then(() => made.actions.undrain({ datanodes, by: 'anna' }));
    await expect(answer).rejects.toMatchObject({ code });
    expect(made.session.store.drains()).toHaveLength(1);
    expect(made.events).toEqual([]);
  });
});
