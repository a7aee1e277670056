import { describe, expect, it } from 'vitest';
import { createActions } from '../../../src/app/api/actions.ts';
import { SOLE_LEADER } from '../../../src/app/ha/leadership.ts';
import { toPolicy } from '../../../src/config/effective.ts';
import { OperatingError } from '../../../src/domain/errors.ts';
import type { Move } from '../../../src/domain/plan.ts';
import { withRequests, type Policy } from '../../../src/domain/policy.ts';
import { trackLiveState } from '../../../src/observability/live-state.ts';
import type { ServerActions } from '../../../src/server/api/ports.ts';
import { createRig, moveOf } from '../../support/executor.ts';
import type { FakeCluster } from '../../support/fake-cluster.ts';
import { createSessionRig } from '../../support/session.ts';
import type { SessionRig } from '../../support/session.ts';

interface Stage extends SessionRig {
  readonly actions: ServerActions;
  /**
   * What comes of one move: `sent`, the code of the first gate that forbids it, or why it was abandoned.
   *
   * @param meanwhile happens when the intent is written and the connection is being opened.
   */
  readonly attempt: (move: Move, options?: AttemptOptions) => Promise<string>;
}

interface AttemptOptions {
  readonly policy?: Policy;
  readonly meanwhile?: () => unknown;
}

interface StageOptions {
  readonly set?: readonly string[];
  /** The term in which this replica acts, at the moment. */
  readonly term?: () => number | undefined;
}

/** All that answers operators, on a scripted cluster. */
async function stage({ set = [], term = () => 1 }: StageOptions = {}): Promise<Stage> {
  const rig = await createSessionRig({
    set,
    createLeadership: () => ({ ...SOLE_LEADER, isActing: () => term() !== undefined, actingTerm: term }),
  });
  const { clock, cluster, session } = rig;
  const live = trackLiveState(session.events, { lastSuccessAtMs: null, recentDurationsMs: [] });
  const attempt = async (move: Move, { policy, meanwhile }: AttemptOptions = {}): Promise<string> => {
    const executor = session.openExecutor(waiting(cluster, meanwhile), () => clock.now(), policy);
    const context = { planId: 'p', cycleId: 1, limit: 9 };
    const work = executor.execute([move], context, new AbortController().signal);
    const { closed, records } = await (meanwhile ? work : clock.settled(work));
    if (cluster.submissions.length > 0) return 'sent';
    return closed[0]?.code ?? records[0]?.cause ?? 'nothing';
  };
  return { ...rig, attempt, actions: createActions({ ...rig, live }) };
}

/** The same cluster, where opening a connection for a migration takes as long as `meanwhile`. */
function waiting(cluster: FakeCluster, meanwhile: (() => unknown) | undefined): FakeCluster {
  const submit = cluster.submitMigration.bind(cluster);
  cluster.submitMigration = async (request, options) => {
    await meanwhile?.();
    return submit(request, options);
  };
  return cluster;
}

const BALANCING = moveOf({ from: '0', to: '1' });
const DRAINING: Move = moveOf({ from: '0', to: '1', reason: 'drain' });
/** From 11:30 until 12:00: now. */
const WINDOW = ['schedule.windows=[{"cron":"31 11 * * *","duration":"30m"}]', 'schedule.timezone=UTC'];

function drain({ session, clock }: Stage, datanode: string): void {
  session.store.addRequest('drain', { datanode, by: 'anna', atMs: clock.now() });
}

describe('a move is submitted', () => {
  it('when nobody has said otherwise', async () => {
    expect(await (await stage()).attempt(BALANCING)).toBe('sent');
  });

  it('not while the rebalancer is paused, and when the pause has run out', async () => {
    const { attempt, actions, clock } = await stage();
    await actions.pause({ forMs: 60_000, reason: 'upgrade', by: 'anna' });
    expect(await attempt(BALANCING)).toBe('paused');
    await clock.advance(60_000);
    expect(await attempt(BALANCING)).toBe('sent');
  });

  it('not from the moment at which the window ends', async () => {
    const { attempt, clock } = await stage({ set: WINDOW });
    await clock.advance(60_000);
    expect(await attempt(BALANCING)).toBe('outside-window');
  });

  it('not while another configuration waits for the end of the cycle', async () => {
    const { attempt, session } = await stage();
    session.isConfigWaiting = true;
    expect(await attempt(BALANCING)).toBe('reload-pending');
    session.applyConfig({ ...session.config });
    expect(await attempt(BALANCING)).toBe('sent');
  });

  it('not when another replica leads', async () => {
    const { attempt } = await stage({ term: () => undefined });
    expect(await attempt(BALANCING)).toBe('not-leader');
  });

  it('not by what was begun before another replica led in between', async () => {
    let term = 1;
    const { session, cluster, clock } = await stage({ term: () => term });
    const executor = session.openExecutor(cluster, () => clock.now());
    term = 2;
    const context = { planId: 'p', cycleId: 1, limit: 9 };
    const report = await executor.execute([BALANCING], context, new AbortController().signal);
    expect(report.closed).toMatchObject([{ code: 'not-leader' }]);
    expect(cluster.submissions).toEqual([]);
  });

  it('not when the target began to drain after the plan', async () => {
    const made = await stage();
    drain(made, '1');
    expect(await made.attempt(BALANCING)).toBe('no-longer-wanted');
    expect(made.session.store.move(1)?.detail).toBe('Datanode 1 drains now.');
  });

  it('not off a datanode whose drain was taken back, but for the balance', async () => {
    const { attempt } = await stage();
    expect(await attempt(DRAINING)).toBe('no-longer-wanted');
    expect(await attempt(BALANCING)).toBe('sent');
  });

  it.each([
    ['asked for at run time', [], ['0'], []],
    ['named by the configuration', ['datanodes.drain=["0"]'], [], []],
    ['of the command that runs', [], [], ['0']],
  ])('off a datanode that drains: %s', async (_, set, asked, ofCommand) => {
    const made = await stage({ set });
    for (const datanode of asked) drain(made, datanode);
    const policy = withRequests(toPolicy(made.session.config), { drain: ofCommand });
    expect(await made.attempt(DRAINING, { policy })).toBe('sent');
  });

  it('not to what the command that runs drains besides', async () => {
    const { attempt, session } = await stage();
    const policy = withRequests(toPolicy(session.config), { drain: ['1'] });
    expect(await attempt(BALANCING, { policy })).toBe('no-longer-wanted');
  });
});

describe('the first byte of a request', () => {
  it.each<[string, (made: Stage) => unknown, string, string]>([
    ['a pause', ({ actions }) => actions.pause({ reason: 'upgrade', by: 'anna' }), 'paused', 'gate-closed'],
    ['the end of the window', ({ clock }) => clock.advance(60_000), 'outside-window', 'gate-closed'],
    ['a drain of the target', (made) => drain(made, '1'), 'no-longer-wanted', 'no-longer-wanted'],
    [
      'another configuration',
      ({ session }) => (session.isConfigWaiting = true),
      'reload-pending',
      'gate-closed',
    ],
  ])('is held back by what came after the intent: %s', async (_, happen, told, cause) => {
    const made = await stage({ set: WINDOW });
    expect(await made.attempt(BALANCING, { meanwhile: () => happen(made) })).toBe(told);
    expect(made.session.store.move(1)).toMatchObject({ state: 'abandoned', cause });
  });

  it('is held back when another replica leads', async () => {
    let term: number | undefined = 1;
    const { attempt } = await stage({ term: () => term });
    const meanwhile = (): void => {
      term = undefined;
    };
    expect(await attempt(BALANCING, { meanwhile })).toBe('not-leader');
  });

  it('is held back by a state folder that cannot be read', async () => {
    const { attempt, session, cluster } = await stage();
    await expect(attempt(BALANCING, { meanwhile: () => session.store.close() })).rejects.toThrow();
    expect(cluster.submissions).toEqual([]);
  });
});

describe('the executor', () => {
  it('tells why it was held back before anybody asked at the first byte', async () => {
    const rig = createRig();
    rig.cluster.submitMigration = () => {
      rig.store.setPause({ by: 'anna', reason: 'upgrade', atMs: 0, untilMs: null });
      return Promise.reject(new OperatingError('not-leader', 'Another replica leads.'));
    };
    const report = await rig.execute([moveOf()]);
    expect(report.records).toMatchObject([{ state: 'abandoned', cause: 'gate-closed' }]);
    expect(report.closed).toMatchObject([{ code: 'paused' }]);
  });

  it('rejects with the defect that kept it from asking, when the move has its end', async () => {
    const defect = new TypeError('no such window');
    let asked = 0;
    const rig = createRig({
      standing: {
        get draining(): readonly string[] {
          if ((asked += 1) > 1) throw defect;
          return [];
        },
      },
    });
    await expect(rig.execute([moveOf()])).rejects.toBe(defect);
    expect(rig.store.move(1)).toMatchObject({ state: 'abandoned', cause: 'not-sent' });
    expect(rig.cluster.submissions).toEqual([]);
  });

  it('writes no move down before it was checked', async () => {
    const rig = createRig();
    const known: number[] = [];
    rig.cluster.onRequest = (name) => {
      if (name !== 'readProcedure') known.push(rig.store.listMoves({ limit: 9 }).length);
    };
    await rig.execute([moveOf()]);
    expect(known.slice(0, 5)).toEqual([0, 0, 0, 0, 1]);
  });
});

describe('the end of a drain', () => {
  it('is told, kept, and counts at once', async () => {
    const made = await stage();
    drain(made, '0');
    drain(made, '2');
    expect(await made.actions.undrain({ datanodes: ['0'], by: 'anna' })).toEqual({ draining: ['2'] });
    expect(made.session.store.requested('drain').map(({ datanode }) => datanode)).toEqual(['2']);
    expect(made.events).toMatchObject([
      { type: 'drain-ended', datanodes: ['0'], by: 'anna' },
      { type: 'cycle-started', trigger: 'drain' },
    ]);
    expect(await made.attempt(DRAINING)).toBe('no-longer-wanted');
  });

  it.each([
    ['one that does not drain', 'not-draining', ['0', '7']],
    ['one that the configuration drains', 'configured-drain', ['0', '3']],
  ])('is refused as a whole when it names %s', async (_, code, datanodes) => {
    const made = await stage({ set: ['datanodes.drain=["3"]'] });
    drain(made, '0');
    const answer = Promise.resolve().then(() => made.actions.undrain({ datanodes, by: 'anna' }));
    await expect(answer).rejects.toMatchObject({ code });
    expect(made.session.store.requested('drain')).toHaveLength(1);
    expect(made.events).toEqual([]);
  });
});
