import { EMPTY_MEMORY } from '../src/domain/policy.ts';
import type { Policy } from '../src/domain/policy.ts';
import { parseSnapshot } from '../src/domain/snapshot-file.ts';
import type { Snapshot } from '../src/domain/snapshot.ts';
import { createPrng } from '../src/lib/prng.ts';
import { Budget } from '../src/planner/budget.ts';
import { makePlan } from '../src/planner/plan.ts';
import type { PlanDraft } from '../src/planner/plan.ts';
import { DEFAULT_POLICY } from '../test/support/plans.ts';
import { makeSnapshot } from './clusters.ts';
import type { ClusterShape } from './clusters.ts';
import { greedyPlan } from './greedy.ts';
import { comparisonRow, fastestInTurn, times } from './row.ts';
import type { Row } from './row.ts';

interface Planning {
  readonly shape: ClusterShape;
  /** Whether every second datanode drains. */
  readonly drains?: boolean;
  /** Whether datanodes weigh 1 to 100. */
  readonly weights?: boolean;
}

function policyOf({ shape, drains, weights }: Planning): Policy {
  const ids = Array.from({ length: shape.datanodes }, (_, id) => String(id));
  const prng = createPrng('weights');
  return {
    ...DEFAULT_POLICY,
    drain: drains ? ids.filter((_, index) => index % 2 === 0) : [],
    weights: weights ? Object.fromEntries(ids.map((id) => [id, 1 + prng.int(100)])) : {},
  };
}

function plan(snapshot: Snapshot, policy: Policy = DEFAULT_POLICY, budget?: Budget): PlanDraft {
  return makePlan({ snapshot, policy, memory: EMPTY_MEMORY, nowMs: 0 }, budget).plan;
}

interface Timing {
  readonly planMs: number;
  readonly parseMs: number;
  readonly draft: PlanDraft;
  readonly regions: number;
}

async function time(planning: Planning, runs: number): Promise<Timing> {
  const text = JSON.stringify(makeSnapshot(planning.shape));
  const snapshot = parseSnapshot(text);
  const policy = policyOf(planning);
  let draft = plan(snapshot, policy);
  const [planMs, parseMs] = await fastestInTurn(
    runs,
    () => (draft = plan(snapshot, policy)),
    () => JSON.parse(text) as unknown,
  );
  return { planMs, parseMs, draft, regions: snapshot.regions.length };
}

function shape(
  tables: number,
  regionsPerTable: number,
  datanodes: number,
  used: number,
  rest: Partial<ClusterShape> = {},
): ClusterShape {
  return { tables, regionsPerTable, datanodes, used, layout: 'random', ...rest };
}

const SINGLES = shape(10_014, 1, 6, 3, { layout: 'balanced' });
const GROWTH = shape(1_000, 100, 110, 100, { layout: 'balanced' });
const TEN_THOUSAND = shape(100, 100, 1_000, 1_000);
const MILLION = shape(10_000, 100, 1_000, 1_000);
const CROWDED = shape(10_000, 100, 1_000, 10);
const LESS_CROWDED = shape(1_000, 100, 1_000, 10);

/** What must be planned within a time. */
const LIMITED: Readonly<Record<string, Planning & { readonly limitMs: number }>> = {
  '10 014 single-region tables, 3 to 6 datanodes': { shape: SINGLES, limitMs: 100 },
  '100 000 regions, 1 000 tables, 100 to 110 datanodes': { shape: GROWTH, limitMs: 200 },
  '10 000 single-region tables, 3 followers each, 5 to 10 datanodes': {
    shape: shape(10_000, 1, 10, 5, { followers: 3 }),
    limitMs: 1_000,
  },
  '100 000 regions, 1 000 tables, 2 followers each, 50 of 100 datanodes drain': {
    shape: shape(1_000, 100, 100, 100, { followers: 2 }),
    drains: true,
    limitMs: 1_000,
  },
  '100 000 regions, 10 000 tables, 2 followers each, 50 of 100 datanodes drain': {
    shape: shape(10_000, 10, 100, 100, { followers: 2 }),
    drains: true,
    limitMs: 1_000,
  },
  '200 000 regions, 2 000 tables, 2 followers each, 500 to 1 000 datanodes': {
    shape: shape(2_000, 100, 1_000, 500, { followers: 2 }),
    limitMs: 5_000,
  },
  '100 000 regions, 200 tables, 5 000 datanodes': { shape: shape(200, 500, 5_000, 5_000), limitMs: 5_000 },
  '1 000 000 regions, 1 000 datanodes of weights 1 to 100': { shape: MILLION, weights: true, limitMs: 5_000 },
  '300 000 regions, 100 000 tables, 2 to 3 datanodes': { shape: shape(100_000, 3, 3, 2), limitMs: 5_000 },
  'one table of 500 000 regions, 500 to 1 000 datanodes': {
    shape: shape(1, 500_000, 1_000, 500),
    limitMs: 5_000,
  },
  '1 000 000 regions by a power law on 10 of 1 000 datanodes': {
    shape: { ...CROWDED, layout: 'power' },
    limitMs: 5_000,
  },
};

const MEMORY_LIMIT_BYTES = 1.5 * 2 ** 30;

/** How fast plans are made, and that they are proven. */
export async function* plannerSuite(): AsyncGenerator<Row> {
  yield* millionRows();
  for (const [name, planning] of Object.entries(LIMITED)) {
    const { planMs, parseMs, draft } = await time(planning, 3);
    yield comparisonRow({
      name,
      measuredMs: planMs,
      note: `, ${draft.moves.length} moves, proven: ${draft.optimal}`,
      reference: 'JSON.parse of the snapshot',
      referenceMs: parseMs,
      target: `under ${planning.limitMs} ms`,
      met: draft.optimal && planMs < planning.limitMs,
    });
  }
  yield* greedyRows();
  yield budgetRow();
}

async function* millionRows(): AsyncGenerator<Row> {
  const small = await time({ shape: TEN_THOUSAND }, 5);
  const million = await time({ shape: MILLION }, 3);
  const rss = process.memoryUsage.rss();
  yield comparisonRow({
    name: '1 000 000 regions, 10 000 tables, 1 000 datanodes, random',
    measuredMs: million.planMs,
    note: `, ${million.draft.moves.length} moves, proven: ${million.draft.optimal}`,
    reference: 'JSON.parse of the snapshot',
    referenceMs: million.parseMs,
    target: 'no slower',
    met: million.draft.optimal && million.planMs <= million.parseMs,
  });
  yield {
    name: 'Memory with a million regions planned (text, snapshot and plan)',
    figure: `${Math.round(rss / 2 ** 20)} MiB resident`,
    reference: '1536 MiB',
    target: 'less',
    ratio: times(rss / MEMORY_LIMIT_BYTES),
    met: rss < MEMORY_LIMIT_BYTES,
  };
  const perRegion = ({ planMs, regions }: Timing): number => planMs / regions;
  yield growthRow(
    'Growth from 10 000 to 1 000 000 regions on 1 000 datanodes',
    'region',
    perRegion(small),
    perRegion(million),
  );
  const perMove = ({ planMs, draft }: Timing): number => planMs / draft.moves.length;
  yield growthRow(
    'Growth from 99 000 to 990 000 moves off 10 of 1 000 datanodes',
    'move',
    perMove(await time({ shape: LESS_CROWDED }, 3)),
    perMove(await time({ shape: CROWDED }, 2)),
  );
}

function growthRow(name: string, unit: string, beforeMs: number, afterMs: number): Row {
  return {
    name,
    figure: `${(afterMs * 1_000).toFixed(2)} µs a ${unit}`,
    reference: `${(beforeMs * 1_000).toFixed(2)} µs a ${unit}`,
    target: 'at most 2 ×',
    ratio: times(afterMs / beforeMs),
    met: afterMs <= 2 * beforeMs,
  };
}

/** Whole plans, reasons and proof included, against the moves alone of a rule that looks at one move at a time. */
async function* greedyRows(): AsyncGenerator<Row> {
  const shapes = {
    '10 014 single-region tables': SINGLES,
    '100 000 regions, 100 to 110 datanodes': GROWTH,
    '100 000 regions, random': shape(1_000, 100, 100, 100),
  };
  for (const [name, clusterShape] of Object.entries(shapes)) {
    const snapshot = makeSnapshot(clusterShape);
    for (let warm = 0; warm < 5; warm += 1) plan(snapshot);
    const [planMs, greedyMs] = await fastestInTurn(
      10,
      () => plan(snapshot),
      () => greedyPlan(snapshot),
    );
    yield comparisonRow({
      name: `${name}, warm`,
      measuredMs: planMs,
      reference: 'a plain two-dimensional greedy',
      referenceMs: greedyMs,
      target: 'no slower',
      met: planMs <= greedyMs,
    });
  }
}

/** A plan that a tenth of the needed steps cuts short, twice. */
function budgetRow(): Row {
  const snapshot = makeSnapshot(GROWTH);
  const whole = plan(snapshot);
  const [first, second] = [0, 1].map(() => plan(snapshot, DEFAULT_POLICY, new Budget(100_000)));
  const isSame = JSON.stringify(first) === JSON.stringify(second);
  return {
    name: '100 000 regions, 100 to 110 datanodes, cut short by its budget',
    figure: `at least ${first!.minimumMoves} moves, the same plan twice: ${isSame}`,
    reference: `${whole.minimumMoves} moves at least`,
    target: 'the same, and a bound above 0',
    ratio: times(first!.minimumMoves / whole.minimumMoves),
    met: isSame && first!.cutShortBy === 'budget' && first!.minimumMoves > 0,
  };
}
