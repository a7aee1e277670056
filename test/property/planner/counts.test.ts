import { describe, expect, it } from 'vitest';
import { measureBalance } from '../../../src/domain/balance.ts';
import { tally, withEndedMove } from '../../../src/domain/region-counts.ts';
import type { RegionCounts, When } from '../../../src/domain/region-counts.ts';
import type { Snapshot } from '../../../src/domain/snapshot.ts';
import { createPrng } from '../../../src/lib/prng.ts';
import type { Prng } from '../../../src/lib/prng.ts';
import { makePlan } from '../../../src/planner/plan.ts';
import { afterMoves, randomCase } from '../../support/random-case.ts';
import type { PlannerCase } from '../../support/random-case.ts';

const RUNS = 300;

/** A random cluster, some of whose regions have no leader, one that is not listed, or a table that is not. */
function brokenCase(prng: Prng): PlannerCase {
  const drawn = randomCase(prng, {
    maxDatanodes: 6,
    maxTables: 8,
    maxRegionsPerTable: 12,
    withBlockers: true,
    withFollowers: prng.chance(0.3),
    withWeights: prng.chance(0.5),
    withDrains: true,
  });
  const { snapshot, policy } = drawn;
  const regions = snapshot.regions.map((region) => {
    const leader = prng.chance(0.05) ? null : prng.chance(0.05) ? '77' : region.leader;
    return { ...region, leader, tableId: prng.chance(0.05) ? '9' : region.tableId };
  });
  const exclude = prng.chance(0.5) ? snapshot.tables.slice(0, 1).map(({ id }) => id) : [];
  return {
    ...drawn,
    snapshot: { ...snapshot, regions },
    policy: { ...policy, tables: { include: [], exclude } },
  };
}

/** `table/datanode` of each region, counted; one table for all that are not listed. */
function countedByHand({ regions, tables }: Snapshot): Record<string, number> {
  const known = new Set(tables.map(({ id }) => id));
  const counts: Record<string, number> = {};
  for (const { tableId, leader } of regions) {
    const key = `${known.has(tableId) ? tableId : 'unknown'}/${leader ?? 'none'}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

function cellsOf(counts: RegionCounts, when: When): Record<string, number> {
  const { tables, datanodes, first, datanodeOf } = counts;
  const cells: Record<string, number> = {};
  for (let row = 0; row <= tables.length; row += 1) {
    for (let cell = first[row]!; cell < first[row + 1]!; cell += 1) {
      const key = `${tables[row]?.id ?? 'unknown'}/${datanodes[datanodeOf[cell]!]?.id ?? 'none'}`;
      if (counts[when][cell]! > 0) cells[key] = counts[when][cell]!;
    }
  }
  return cells;
}

describe('the counts of a plan', () => {
  it('have every region of the snapshot, before and after it', () => {
    for (let run = 0; run < RUNS; run += 1) {
      const input = brokenCase(createPrng(`counts ${run}`));
      const { plan, counts } = makePlan(input);
      expect(cellsOf(counts, 'now'), `run ${run}`).toEqual(countedByHand(input.snapshot));
      expect(cellsOf(counts, 'after'), `run ${run}`).toEqual(
        countedByHand(afterMoves(input.snapshot, plan.moves)),
      );
    }
  });

  it('follow each move that ends: those that succeeded are made, the others are made no more', () => {
    for (let run = 0; run < RUNS; run += 1) {
      const prng = createPrng(`ended ${run}`);
      const input = brokenCase(prng);
      const { plan, counts } = makePlan(input);
      const ended = plan.moves.slice(0, prng.int(plan.moves.length + 1));
      const succeeded = new Set(ended.filter(() => prng.chance(0.7)));
      const live = ended.reduce(
        (known, move, position) => withEndedMove(known, { ...move, position }, succeeded.has(move)),
        counts,
      );
      const failed = ended.filter((move) => !succeeded.has(move));
      const now = afterMoves(input.snapshot, [...succeeded]);
      expect(cellsOf(live, 'now'), `run ${run}`).toEqual(countedByHand(now));
      expect(cellsOf(live, 'after'), `run ${run}`).toEqual(
        countedByHand(
          afterMoves(
            input.snapshot,
            plan.moves.filter((move) => !failed.includes(move)),
          ),
        ),
      );
      expect(measureBalance(live, 'now'), `run ${run}`).toEqual(
        makePlan({ ...input, snapshot: now }).plan.before,
      );
    }
  });

  it('tell apart what counts, what is selected, and the rest', () => {
    for (let run = 0; run < RUNS; run += 1) {
      const { snapshot, policy, ...rest } = brokenCase(createPrng(`tally ${run}`));
      const { counts } = makePlan({ snapshot, policy, ...rest });
      const selected = new Set(
        snapshot.tables.map(({ id }) => id).filter((id) => !policy.tables.exclude.includes(id)),
      );
      const sum = (regions: Snapshot['regions']) => ({
        led: regions.length,
        selected: regions.filter(({ tableId }) => selected.has(tableId)).length,
        movable: regions.filter(({ tableId }) => selected.has(tableId)).length,
      });
      const { datanodes, withoutLeader } = tally(counts, 'now');
      expect(withoutLeader, `run ${run}`).toEqual({
        ...sum(snapshot.regions.filter(({ leader }) => leader === null)),
        counted: 0,
      });
      const ids = new Set([...snapshot.datanodes, ...datanodes].map(({ id }) => id));
      expect(new Set(datanodes.map(({ id }) => id)), `run ${run}`).toEqual(ids);
      for (const { id, state, counted, ...found } of datanodes) {
        const wanted = sum(snapshot.regions.filter(({ leader }) => leader === id));
        expect(found, `run ${run}, datanode ${id}`).toMatchObject(wanted);
        const counts = state === 'target' || state === 'draining' ? wanted.selected : 0;
        expect(counted, `run ${run}, datanode ${id}`).toBe(counts);
        expect(state === 'unlisted', `run ${run}, datanode ${id}`).toBe(id === '77');
      }
    }
  });
});
