import { expect, describe, it } from 'vitest';
import { applyPlan } from '../../../src/app/commands/apply.ts';
import { runOnce } from '../../../src/app/commands/once.ts';
import type { WorkResult } from '../../../src/app/commands/once.ts';
import type { Parts } from '../../../src/app/compose.ts';
import { withPlanId } from '../../../src/app/planning/plan-id.ts';
import { planNow } from '../../../src/app/planning/planner.ts';
import type { Config } from '../../../src/config/config.ts';
import { readConfig } from '../../../src/config/load.ts';
import { parsePlanFile, planChunks } from '../../../src/domain/plan-file.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import type { Snapshot } from '../../../src/domain/snapshot.ts';
import { silentLogger } from '../../../src/observability/logger.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { FakeCluster } from '../../support/fake-cluster.ts';
import { SMALL_SNAPSHOT, makeMove, makePlan } from '../../support/plans.ts';
import { inputOf } from '../../support/random-case.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const MADE_MS = Date.parse(makePlan().createdAt);
const [TABLE] = SMALL_SNAPSHOT.tables;
const CALL = { signal: new AbortController().signal, watch: () => undefined };

function stage(clock: VirtualClock): { cluster: FakeCluster; parts: Parts; config: Config } {
  const cluster = new FakeCluster({ regions: {} }, clock);
  const parts: Parts = {
    ...{ version: '0', clock, logger: silentLogger },
    planner: (input, options) => Promise.resolve(planNow(input, options, clock)),
    openCluster: () => Promise.resolve(cluster),
  };
  const endpoints = 'cluster.sql.endpoints=["http://127.0.0.1:1"]';
  const set = ['cluster.name=prod', endpoints, `state.path=${tempFolder()}`, 'state.retention=1h'];
  return { cluster, parts, config: readConfig({ env: {}, cwd: '/', set }) };
}

it('a state folder that only commands use keeps no more than its retention', async () => {
  const clock = new VirtualClock();
  const { parts, config } = stage(clock);
  for (let run = 0; run < 10; run += 1) {
    await clock.advance(1_200_000);
    await runOnce(config, parts, CALL);
  }
  const store = openStore({ path: config.state.path }, { clock });
  // The last hour: the last cycle, and those 20, 40 and 60 minutes before it.
  expect(store.listCycles(100)).toHaveLength(4);
  store.close();
});

/** Applies, as a dry run, the text of a plan at a time to a cluster. */
async function apply(
  text: string,
  nowMs = MADE_MS,
  snapshot: Snapshot = SMALL_SNAPSHOT,
): Promise<WorkResult> {
  const { cluster, parts, config } = stage(new VirtualClock(nowMs));
  cluster.readSnapshot = () => Promise.resolve(snapshot);
  return applyPlan(config, parsePlanFile(text), parts, CALL);
}

const textOf = (change: Partial<Plan> = {}): string => [...planChunks(withPlanId(makePlan(change)))].join('');

describe('apply', () => {
  it('takes a plan as it was written', async () => {
    expect(await apply(textOf())).toMatchObject({ outcome: 'planned', moved: 0 });
  });

  it('takes a plan of the planner, from a file', async () => {
    const clock = new VirtualClock(MADE_MS);
    const { plan } = planNow(inputOf(SMALL_SNAPSHOT), { timeBudgetMs: 1_000 }, clock);
    expect(await apply([...planChunks(plan)].join(''))).toMatchObject({ outcome: 'planned' });
  });

  it.each([
    ['a move', '"to":"3"', '"to":"4"'],
    ['its date', '"createdAt": "2026-11-22T13:00:01', '"createdAt": "2026-11-22T13:00:02'],
    ['what it promises', '"after": {"tableSkewMax":0', '"after": {"tableSkewMax":1'],
    ['a field that is new', '{\n', '{ "note": "approved",\n'],
  ])('refuses a plan in which %s was changed by hand', async (_, from, to) => {
    expect(textOf()).toContain(from);
    await expect(apply(textOf().replace(from, to))).rejects.toMatchObject({ code: 'plan-changed' });
  });

  it('refuses a plan of another cluster', async () => {
    const cluster = { ...SMALL_SNAPSHOT.cluster, name: 'staging' };
    await expect(apply(textOf({ cluster }))).rejects.toMatchObject({
      code: 'plan-of-other-cluster',
      message: 'The plan is for cluster "staging", and cluster.name is "prod"',
    });
  });

  it.each([
    ['of another name', { ...TABLE!, name: 'memory' }, 'it is of greptime.public.memory (id 1024)'],
    ['of another schema', { ...TABLE!, schema: 'other' }, 'it is of greptime.other.cpu (id 1024)'],
  ])('refuses a plan whose table is one %s', async (_, table, message) => {
    await expect(apply(textOf(), MADE_MS, { ...SMALL_SNAPSHOT, tables: [table] })).rejects.toMatchObject({
      code: 'plan-outdated',
      message: expect.stringContaining(message),
    });
  });

  it('refuses a plan whose region is of another table, be it done already', async () => {
    const moves = [makeMove(1, { tableId: '1025', table: 'greptime.public.memory', from: '3', to: '0' })];
    await expect(apply(textOf({ moves }))).rejects.toMatchObject({
      code: 'plan-outdated',
      message: expect.stringContaining('it is of greptime.public.cpu (id 1024), and the plan says'),
    });
  });

  it('refuses a plan whose snapshot is from the future, though it was made now', async () => {
    const snapshotTakenAt = new Date(MADE_MS + 60_001).toISOString();
    await expect(apply(textOf({ snapshotTakenAt }))).rejects.toMatchObject({
      code: 'plan-from-future',
      message: expect.stringContaining(`The plan's snapshot was taken at ${snapshotTakenAt}, which is `),
    });
  });

  it.each([
    [MADE_MS - 60_000, undefined],
    [MADE_MS - 60_001, 'plan-from-future'],
    [MADE_MS + 3_600_000, undefined],
    [MADE_MS + 3_600_001, 'plan-expired'],
  ])('applied at %i gives %s', async (nowMs, code) => {
    const fresh = { ...SMALL_SNAPSHOT, takenAt: new Date(nowMs).toISOString() };
    const outcome = apply(textOf(), nowMs, fresh).then(
      () => undefined,
      (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
    );
    expect(await outcome).toBe(code);
  });
});
