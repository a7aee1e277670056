import { EMPTY_MEMORY } from '../src/domain/policy.ts';
import { parseSnapshot } from '../src/domain/snapshot-file.ts';
import type { Snapshot } from '../src/domain/snapshot.ts';
import { makePlan } from '../src/planner/plan.ts';
import type { PlanDraft } from '../src/planner/plan.ts';
import { makeSnapshot } from './clusters.ts';
import type { ClusterShape } from './clusters.ts';
import { fastest, ms, times } from './row.ts';
import type { Row } from './row.ts';
import { DEFAULT_POLICY } from '../test/support/plans.ts';

function plan(snapshot: Snapshot): PlanDraft {
  return makePlan({ snapshot, policy: DEFAULT_POLICY, memory: EMPTY_MEMORY, nowMs: 0 }).plan;
}

interface Timing {
  readonly planMs: number;
  readonly parseMs: number;
  readonly draft: PlanDraft;
  readonly regions: number;
}

async function time(shape: ClusterShape, runs: number): Promise<Timing> {
  const text = JSON.stringify(makeSnapshot(shape));
  const snapshot = parseSnapshot(text);
  const parseMs = await fastest(runs, () => JSON.parse(text) as unknown);
  let draft = plan(snapshot);
  const planMs = await fastest(runs, () => (draft = plan(snapshot)));
  return { planMs, parseMs, draft, regions: snapshot.regions.length };
}

const SINGLES: ClusterShape = {
  tables: 10_014,
  regionsPerTable: 1,
  datanodes: 6,
  used: 3,
  layout: 'balanced',
};
const GROWTH: ClusterShape = {
  tables: 1_000,
  regionsPerTable: 100,
  datanodes: 110,
  used: 100,
  layout: 'balanced',
};
const MILLION: ClusterShape = {
  tables: 10_000,
  regionsPerTable: 100,
  datanodes: 1_000,
  used: 1_000,
  layout: 'random',
};
const TEN_THOUSAND: ClusterShape = {
  tables: 100,
  regionsPerTable: 100,
  datanodes: 1_000,
  used: 1_000,
  layout: 'random',
};

const MEMORY_LIMIT_BYTES = 1.5 * 2 ** 30;

/** How fast plans are made, and that they are proven. */
export async function* plannerSuite(): AsyncGenerator<Row> {
  yield limited('10 014 single-region tables, 3 to 6 datanodes', await time(SINGLES, 5), 100);
  yield limited('100 000 regions, 1 000 tables, 100 to 110 datanodes', await time(GROWTH, 5), 200);
  const small = await time(TEN_THOUSAND, 5);
  const million = await time(MILLION, 3);
  const rss = process.memoryUsage.rss();
  yield {
    name: '1 000 000 regions, 10 000 tables, 1 000 datanodes, random',
    figure: `${ms(million.planMs)}, ${million.draft.moves.length} moves, proven: ${million.draft.optimal}`,
    reference: `JSON.parse of the snapshot: ${ms(million.parseMs)}`,
    target: 'no slower',
    ratio: times(million.planMs / million.parseMs),
    met: million.draft.optimal && million.planMs <= million.parseMs,
  };
  yield {
    name: 'Memory with a million regions planned (text, snapshot and plan)',
    figure: `${Math.round(rss / 2 ** 20)} MiB resident`,
    reference: '1536 MiB',
    target: 'less',
    ratio: times(rss / MEMORY_LIMIT_BYTES),
    met: rss < MEMORY_LIMIT_BYTES,
  };
  const perRegion = ({ planMs, regions }: Timing): number => planMs / regions;
  const growth = perRegion(million) / perRegion(small);
  yield {
    name: 'Growth from 10 000 to 1 000 000 regions on 1 000 datanodes',
    figure: `${(perRegion(million) * 1_000).toFixed(2)} µs a region`,
    reference: `${(perRegion(small) * 1_000).toFixed(2)} µs a region`,
    target: 'at most 2 ×',
    ratio: times(growth),
    met: growth <= 2,
  };
}

function limited(name: string, { planMs, parseMs, draft }: Timing, limitMs: number): Row {
  return {
    name,
    figure: `${ms(planMs)}, ${draft.moves.length} moves, proven: ${draft.optimal}`,
    reference: `JSON.parse of the snapshot: ${ms(parseMs)}`,
    target: `under ${limitMs} ms`,
    ratio: times(planMs / parseMs),
    met: draft.optimal && planMs < limitMs,
  };
}
