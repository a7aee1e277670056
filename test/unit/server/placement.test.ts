import { describe, expect, it } from 'vitest';
import { planNow } from '../../../src/app/planning/planner.ts';
import { measureBalance } from '../../../src/domain/balance.ts';
import { sizeInScope } from '../../../src/domain/region-counts.ts';
import type { MoveState } from '../../../src/domain/move.ts';
import { trackLiveState } from '../../../src/observability/live-state.ts';
import type { LiveState } from '../../../src/observability/live-state.ts';
import { createMatrixReader } from '../../../src/server/api/matrix.ts';
import { buildQueue } from '../../../src/server/api/queue.ts';
import { buildRegions } from '../../../src/server/api/regions.ts';
import { eventBus, events, samplePlan } from '../../support/observability.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { inputOf, snapshotOf } from '../../support/random-case.ts';

const FIRST = '4398046511104';
const LAST = '4398046511106';
const all = { limit: 100 } as const;

/** The sample: regions …104 and …105 on 0, …106 on 2; …104 moves 0 to 1, …106 moves 2 to 1. */
function stateAfter(ended: Readonly<Record<string, MoveState>> = {}): LiveState {
  const { bus } = eventBus();
  const live = trackLiveState(bus);
  bus.emit(events.taken);
  bus.emit(events.planned());
  for (const { regionId, from } of samplePlan().moves) {
    const state = ended[regionId];
    if (state) bus.emit(events.ended({ regionId, from, state }));
  }
  return live.state();
}

describe('the matrix', () => {
  it.each<[string, Record<string, MoveState>, number[]]>([
    ['before any move', {}, [0, 2, 1, 1, 0, 2, 2, 1, 0]],
    ['after a move that succeeded', { [FIRST]: 'succeeded' }, [0, 1, 1, 1, 1, 2, 2, 1, 0]],
    ['after a move that failed, whose region stays', { [FIRST]: 'failed' }, [0, 2, 2, 1, 0, 1, 2, 1, 0]],
    ['at the end', { [FIRST]: 'succeeded', [LAST]: 'succeeded' }, [0, 1, 1, 1, 2, 2, 2, 0, 0]],
  ])('counts regions now and after the plan %s', async (_, ended, cells) => {
    const matrix = await createMatrixReader()(stateAfter(ended));
    expect(matrix?.tables[0]?.cells).toEqual(cells);
  });

  it('tells how many regions of a table lie outside of the shares, now and after the plan', async () => {
    const [table] = (await createMatrixReader()(stateAfter()))?.tables ?? [];
    expect(table).toMatchObject({ regions: 3, misplacedNow: 1, misplacedAfter: 0 });
  });

  it('names columns and tables', async () => {
    expect(await createMatrixReader()(stateAfter())).toMatchObject({
      datanodes: ['0', '1', '2'],
      tables: [{ id: '1024', name: 'greptime.public.cpu', selected: true }],
    });
  });

  it('comes with the first plan, and is the same object until something changes', async () => {
    const read = createMatrixReader();
    expect(await read({ plan: null, counts: null })).toBeUndefined();
    const state = stateAfter();
    const [first, second] = await Promise.all([read(state), read(state)]);
    expect(first).toBe(second);
    expect(await read(stateAfter({ [FIRST]: 'succeeded' }))).not.toBe(first);
  });

  it('leaves out what the cluster does not list, and of what is not selected all that a drain does not take', async () => {
    const base = snapshotOf([[2, 1]]);
    const [region] = base.regions;
    const snapshot = { ...base, regions: [...base.regions, { ...region!, id: '7', leader: '77' }] };
    const policy = { tables: { include: ['other.*'], exclude: [] }, drain: ['0'] };
    const planned = planNow(inputOf(snapshot, { policy }), { timeBudgetMs: 1_000 }, new VirtualClock());
    const { datanodes } = measureBalance(planned.counts, 'now');
    expect(datanodes.map(({ regions }) => regions)).toEqual([2, 0]);
    expect(sizeInScope(planned.counts)).toEqual({ tables: 1, regions: 2 });
    expect(await createMatrixReader()(planned)).toMatchObject({
      datanodes: ['0', '1'],
      tables: [{ selected: false, cells: [0, 2, 0] }],
    });
  });
});

describe('regions', () => {
  it.each([
    ['all', {}, 3],
    ['those of a datanode, and those that come to it', { datanode: '1' }, 2],
    ['those of a table', { table: '1024' }, 3],
    ['none of another table', { table: '7' }, 0],
  ])('%s', async (_, query, total) => {
    expect((await buildRegions(stateAfter(), { ...all, ...query }))?.total).toBe(total);
  });

  it('say where they are now and go, and keep to the limit', async () => {
    const view = await buildRegions(stateAfter({ [FIRST]: 'succeeded' }), { ...all, limit: 2 });
    expect(view?.total).toBe(3);
    expect(view?.regions.map(({ leader, target }) => [leader, target])).toEqual([
      ['1', null],
      ['0', null],
    ]);
    expect(await buildRegions({ ...stateAfter(), snapshot: null }, all)).toBeUndefined();
  });
});

describe('the queue', () => {
  it.each([
    ['all', {}, [1, 2]],
    ['those with a text in the table', { text: 'cpu' }, [1, 2]],
    ['those with a text in the region', { text: FIRST }, [1]],
    ['none', { text: 'nothing' }, []],
  ])('has %s', (_, query, seqs) => {
    const view = buildQueue(stateAfter(), { limit: 10, ...query });
    expect(view.moves.map(({ seq }) => seq)).toEqual(seqs);
  });

  it('leaves out what ended', () => {
    expect(buildQueue(stateAfter({ [FIRST]: 'failed' }), { limit: 10 }).total).toBe(1);
  });

  it('goes on with the numbers of the rebalance in its next plan', () => {
    const { bus } = eventBus();
    const live = trackLiveState(bus);
    for (const event of [events.taken, events.planned(), events.ended({ state: 'failed' }), events.planned()])
      bus.emit(event);
    expect(buildQueue(live.state(), { limit: 10 }).moves.map(({ seq }) => seq)).toEqual([2, 3]);
  });
});
