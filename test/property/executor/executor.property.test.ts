import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFinal, isUnresolved, type MoveState } from '../../../src/domain/move.ts';
import { mayBecome } from '../../../src/executor/states.ts';
import { createRig, moveOf } from '../../support/executor.ts';
import type { Behaviour } from '../../support/fake-cluster.ts';

const REGIONS = ['1', '2', '3', '4'];

const time = (maxMs: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: maxMs });

/** Refusals that are certain start nothing; the others may be the answer to a second try of a request that arrived. */
const MAY_ARRIVE = ['accepted', 'lost', 'already-there', 'already-running'];

const ANSWERS = [
  'accepted',
  'accepted',
  'lost',
  'already-there',
  'unsent',
  'already-running',
  'peer-unavailable',
  'leader-changed',
  'invalid',
] as const;

const ENDS: readonly NonNullable<Behaviour['region']>[] = [
  'target',
  'target',
  'source',
  'stuck',
  'dropped',
  { elsewhere: '2' },
];

const behaviour: fc.Arbitrary<Behaviour> = fc
  .record({
    answer: fc.constantFrom(...ANSWERS),
    arrives: fc.constantFrom(undefined, true, false),
    arrivesAtMs: time(60_000),
    registersAtMs: fc.option(time(20_000), { freq: 10 }),
    downgradesAtMs: maybe(time(30_000)),
    endsAtMs: time(400_000),
    region: fc.constantFrom(...ENDS),
    status: fc.constantFrom('done', 'failed'),
    forgottenAtMs: maybe(time(600_000)),
    staleForMs: maybe(time(50_000)),
  } as const)
  .map(possible);

function maybe<T>(made: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(made, { nil: undefined });
}

/** Only what a cluster can do. A procedure that it does not know runs on for a change of leader at most. */
function possible(
  made: Behaviour & { readonly answer: (typeof ANSWERS)[number]; readonly endsAtMs: number },
): Behaviour {
  const arrivesAtMs = made.answer === 'lost' ? made.arrivesAtMs : 0;
  const earliestMs = (arrivesAtMs ?? 0) + made.endsAtMs - 20_000;
  return {
    ...made,
    arrivesAtMs,
    ...(!MAY_ARRIVE.includes(made.answer) && { arrives: false }),
    ...(made.forgottenAtMs !== undefined && { forgottenAtMs: Math.max(made.forgottenAtMs, earliestMs) }),
  };
}

const world = fc.record({
  behaviours: fc.array(behaviour, { maxLength: 6 }),
  listsProcedures: fc.boolean(),
  hasProcedureState: fc.boolean(),
  confirmsWritable: fc.boolean(),
  outage: fc.option(fc.record({ afterMs: time(300_000), durationMs: time(200_000) })),
  abortAfterMs: fc.option(time(300_000)),
});

describe('whatever the cluster does', () => {
  it(
    'no intent is submitted twice, no two migrations run at a time, and every move has an end or is looked after',
    { timeout: 180_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(world, async ({ behaviours, outage, abortAfterMs, ...cluster }) => {
          // A cluster that lists procedures can tell their state too.
          const hasProcedureState = cluster.hasProcedureState || cluster.listsProcedures;
          const regions = Object.fromEntries(REGIONS.map((id) => [id, '0']));
          const rig = createRig({ cluster: { ...cluster, hasProcedureState, regions } });
          rig.cluster.script(...behaviours);
          if (outage) rig.cluster.outage(outage.afterMs, outage.durationMs);
          if (abortAfterMs !== null) rig.clock.setTimer(abortAfterMs, () => rig.controller.abort());
          const moves = REGIONS.map((regionId, index) => moveOf({ regionId, seq: index + 1 }));
          const report = await rig.execute(moves);

          const intents = rig.store.listMoves({ limit: 100 }).filter(({ id }) => rig.store.intentOf(id));
          expect(rig.cluster.submissions.length).toBeLessThanOrEqual(intents.length);
          const asked = rig.cluster.submissions.map(({ regionId }) => regionId);
          expect(new Set(asked).size).toBe(asked.length);
          expect(rig.cluster.maxInFlight).toBeLessThanOrEqual(1);
          for (const { id, state } of rig.store.listMoves({ limit: 100 })) {
            const told = rig.events.filter((event) => event.type === 'move-state').map(({ move }) => move);
            let before: MoveState = 'planned';
            for (const move of told.filter((each) => each.id === id)) {
              expect(mayBecome(before, move.state)).toBe(true);
              before = move.state;
            }
            expect(isFinal(state) || report.closed[0]?.code === 'stopping').toBe(true);
          }

          const submitted = rig.cluster.submissions.length;
          await rig.clock.advance(1_500_000);
          for (let round = 0; round < 3; round += 1) {
            await rig.drive(rig.executor.recover(new AbortController().signal));
            await rig.clock.advance(120_000);
          }
          expect(rig.cluster.submissions).toHaveLength(submitted);
          for (const move of rig.store.listMoves({ limit: 100 })) {
            const region = rig.cluster.region(move.regionId);
            if (isUnresolved(move)) expect(region.status).toBe('migrating');
            const succeeded = move.state === 'succeeded' || move.late?.outcome === 'succeeded';
            if (succeeded) expect(region.leader).toBe('1');
            else if (!region.gone && move.cause !== 'already-there') expect(region.leader).not.toBe('1');
          }
          rig.store.close();
        }),
        { numRuns: 300 },
      );
    },
  );
});
