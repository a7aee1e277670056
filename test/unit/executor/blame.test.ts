import { describe, expect, it } from 'vitest';
import type { Move } from '../../../src/domain/plan.ts';
import type { Behaviour } from '../../support/fake-cluster.ts';
import { createRig, moveOf, type Rig } from '../../support/executor.ts';

const REGION_IDS = Array.from({ length: 12 }, (_, index) => String(4398046511104 + index));
const BASE_MS = 600_000;

/** One region each from datanode 0, to the given targets in turn. */
function movesTo(...targets: string[]): Move[] {
  return targets.map((to, index) => moveOf({ seq: index + 1, regionId: REGION_IDS[index]!, to }));
}

/** A cluster of four datanodes on which everything to or from some of them is rolled back. */
function rigWith(isBad: (move: Pick<Move, 'from' | 'to'>) => boolean, from = '0'): Rig {
  const regions = Object.fromEntries(REGION_IDS.map((id) => [id, from]));
  return createRig({
    cluster: {
      datanodes: ['0', '1', '2', '3'],
      regions,
      behave: (move): Behaviour => (isBad(move) ? { region: 'source', status: 'failed' } : {}),
    },
  });
}

const toThree = ({ to }: Pick<Move, 'to'>): boolean => to === '3';

describe('a target to which every migration fails', () => {
  it('rests after the second failure, where another one may be tried; its regions are acquitted', async () => {
    const rig = rigWith(toThree);
    const report = await rig.execute(movesTo('3', '3', '3', '1', '3', '2', '3', '1'));
    // What comes after leans on the moves that can no longer be made: it is planned anew.
    expect(rig.cluster.submissions.map(({ to }) => to)).toEqual(['3', '3']);
    expect(report).toMatchObject({
      remaining: 6,
      closed: [
        { code: 'replan-pending', detail: expect.stringMatching(/^Nothing moves to datanode 3 for a while/) },
      ],
    });
    expect(rig.store.listQuarantine(rig.clock.now())).toEqual([]);
    expect(rig.store.listDatanodeRests(rig.clock.now())).toMatchObject([
      { datanode: '3', role: 'target', failures: 2 },
    ]);
    expect(rig.events).toContainEqual(expect.objectContaining({ type: 'datanode-quarantined' }));
  });

  it('rests longer after each failure, which no longer counts towards the limit of failures in a row', async () => {
    const rig = rigWith(toThree);
    await rig.execute(movesTo('3', '1', '3'));
    expect(rig.cluster.submissions).toHaveLength(3);
    for (const doublings of [1, 2, 3]) {
      await rig.clock.advance(rig.store.listDatanodeRests(rig.clock.now())[0]!.untilMs - rig.clock.now());
      const [, , , ...more] = movesTo('', '', '', '3', '3');
      await rig.execute(more);
      const [rest] = rig.store.listDatanodeRests(rig.clock.now());
      expect(rest!.untilMs - rig.clock.now()).toBeLessThanOrEqual(BASE_MS * 2 ** doublings);
      expect(rest!.untilMs - rig.clock.now()).toBeGreaterThan(BASE_MS * 2 ** (doublings - 1));
    }
    expect(rig.store.failureRun()).toBe(0);
    expect(rig.cluster.submissions).toHaveLength(6);
  });

  it('is tried again when it was released, and forgiven when that succeeds', async () => {
    let isBad = true;
    const rig = rigWith((move) => isBad && toThree(move));
    await rig.execute(movesTo('3', '3', '1'));
    isBad = false;
    expect(rig.store.releaseDatanode('3')).toBe(true);
    expect((await rig.execute(movesTo('3', '3'))).counts.succeeded).toBe(2);
    expect(rig.store.datanodeFailures('3', 'target')).toBeUndefined();
    expect(rig.store.releaseDatanode('3')).toBe(false);
  });
});

describe('where everything fails', () => {
  it.each([
    ['to one target', ['3', '3', '3', '3', '3']],
    ['to all targets', ['3', '3', '1', '2', '1']],
  ])('%s, the limit of failures in a row stops the work', async (_, targets) => {
    const rig = rigWith(() => true);
    const moves = movesTo(...targets);
    let report = await rig.execute(moves);
    if (report.closed.some(({ code }) => code === 'replan-pending'))
      report = await rig.execute(moves.slice(report.records.length).filter((move) => !toThree(move)));
    expect(report.closed).toMatchObject([{ code: 'too-many-failures' }]);
    expect(rig.cluster.submissions).toHaveLength(3);
    expect(rig.store.listDatanodeRests(rig.clock.now()).map(({ role }) => role)).not.toContain('source');
  });

  it('no datanode is to blame for what the cluster refuses because of the request', async () => {
    const rig = rigWith(() => false);
    rig.cluster.script({ answer: 'access-denied' }, { answer: 'access-denied' }, {});
    await rig.execute(movesTo('3', '3', '1'));
    expect(rig.store.listDatanodeRests(rig.clock.now())).toEqual([]);
  });
});

it('a source rests where several targets fail with it and others succeed', async () => {
  const rig = rigWith(({ from }) => from === '0');
  for (const id of REGION_IDS.slice(6)) rig.cluster.region(id).leader = '1';
  const from = (source: string, to: string, index: number): Move =>
    moveOf({ seq: index + 1, from: source, to, regionId: REGION_IDS[(source === '1' ? 6 : 0) + index]! });
  await rig.execute([from('0', '2', 0), from('1', '2', 1), from('0', '3', 2), from('0', '2', 3)]);
  expect(rig.store.listDatanodeRests(rig.clock.now())).toMatchObject([{ datanode: '0', role: 'source' }]);
  expect(rig.cluster.submissions).toHaveLength(3);
});
