import { DATANODE_ROLES, EMPTY_MEMORY } from '../../src/domain/policy.ts';
import type { Memory, Policy } from '../../src/domain/policy.ts';
import type { Region, Snapshot } from '../../src/domain/snapshot.ts';
import type { Prng } from '../../src/lib/prng.ts';
import type { PlanInput } from '../../src/planner/plan.ts';
import { DEFAULT_POLICY } from './plans.ts';

export interface PlannerCase {
  readonly snapshot: Snapshot;
  readonly policy: Policy;
  readonly memory: Memory;
  readonly nowMs: number;
}

export interface CaseLimits {
  readonly maxDatanodes: number;
  readonly maxTables: number;
  readonly maxRegionsPerTable: number;
  /** Draw pins, cooldowns, quarantines, cordons and dead datanodes too. */
  readonly withBlockers?: boolean;
  readonly withFollowers?: boolean;
  readonly withWeights?: boolean;
  readonly withDrains?: boolean;
}

export const NOW_MS = Date.UTC(2026, 10, 22, 13);

/** The id of a region: `table << 32 | number`. */
export function regionId(table: number, number: number): string {
  return String((BigInt(table) << 32n) | BigInt(number));
}

/** A snapshot from counts: `tables[t][n]` regions of table t on datanode n. */
export function snapshotOf(
  tables: readonly (readonly number[])[],
  datanodes = tables[0]?.length ?? 0,
): Snapshot {
  return {
    formatVersion: 1,
    takenAt: new Date(NOW_MS).toISOString(),
    cluster: { name: 'test', api: 'sql', version: '1.3.0' },
    datanodes: Array.from({ length: datanodes }, (_, id) => ({
      id: String(id),
      addr: `10.0.0.${id}:4001`,
      status: 'alive' as const,
    })),
    tables: tables.map((_, index) => ({
      id: String(1024 + index),
      catalog: 'greptime',
      schema: 'public',
      name: `t${index}`,
      engine: 'mito',
    })),
    regions: tables.flatMap((counts, index) => {
      let number = 0;
      return counts.flatMap((count, node) =>
        Array.from({ length: count }, (): Region => ({
          id: regionId(1024 + index, number++),
          tableId: String(1024 + index),
          leader: String(node),
          status: 'alive',
        })),
      );
    }),
  };
}

/** What a plan of the snapshot is made from; what is not given is as in a configuration and a state that say nothing. */
export function inputOf(
  snapshot: Snapshot,
  {
    policy,
    memory,
  }: { readonly policy?: Partial<Policy> | undefined; readonly memory?: Partial<Memory> | undefined } = {},
): PlannerCase {
  return {
    snapshot,
    policy: { ...DEFAULT_POLICY, ...policy },
    memory: { ...EMPTY_MEMORY, ...memory },
    nowMs: NOW_MS,
  };
}

/** The snapshot with these write rates, in the order of its regions. */
export function withRates(snapshot: Snapshot, rates: readonly number[]): Snapshot {
  const regions = snapshot.regions.map((region, index) => ({
    ...region,
    load: { writeBytesPerSecond: rates[index]! },
  }));
  return { ...snapshot, regions };
}

/** The snapshot once these moves are made. */
export function afterMoves(
  snapshot: Snapshot,
  moves: readonly { readonly regionId: string; readonly to: string }[],
): Snapshot {
  const leaders = new Map(moves.map(({ regionId, to }) => [regionId, to]));
  const regions = snapshot.regions.map((region) => ({
    ...region,
    leader: leaders.get(region.id) ?? region.leader,
  }));
  return { ...snapshot, regions };
}

/** A previous plan that nobody would make. */
export function wildMoves({ regions, datanodes }: Snapshot, prng: Prng): NonNullable<PlanInput['previous']> {
  return regions.flatMap(({ id, leader }) => {
    const to = datanodes[prng.int(datanodes.length)]!.id;
    return leader !== null && prng.chance(0.3) ? [{ regionId: id, from: leader, to }] : [];
  });
}

/** Draws a small cluster with whatever the limits allow. */
export function randomCase(prng: Prng, limits: CaseLimits): PlannerCase {
  const datanodes = 1 + prng.int(limits.maxDatanodes);
  const tables = Array.from({ length: 1 + prng.int(limits.maxTables) }, () => {
    const counts = Array.from({ length: datanodes }, () => 0);
    const regions = prng.int(limits.maxRegionsPerTable + 1);
    for (let region = 0; region < regions; region += 1) counts[prng.int(datanodes)]! += 1;
    return counts;
  });
  const base = snapshotOf(tables, datanodes);
  const ids = base.datanodes.map(({ id }) => id);
  const some = (probability: number): string[] => ids.filter(() => prng.chance(probability));
  const drain = limits.withDrains ? some(0.2) : [];
  const cordon = limits.withBlockers ? some(0.1).filter((id) => !drain.includes(id)) : [];
  const dead = new Set(limits.withBlockers ? some(0.1) : []);
  const regions = base.regions.map((region): Region => {
    const followers = limits.withFollowers
      ? ids.filter((id) => id !== region.leader && prng.chance(0.25))
      : [];
    const status =
      limits.withBlockers && prng.chance(0.08) ? prng.pick(['migrating', 'staging'] as const) : 'alive';
    return { ...region, status, ...(followers.length > 0 ? { followers } : {}) };
  });
  const someRegions = (probability: number): string[] =>
    limits.withBlockers ? base.regions.filter(() => prng.chance(probability)).map(({ id }) => id) : [];
  return {
    snapshot: {
      ...base,
      datanodes: base.datanodes.map((node) => ({ ...node, status: dead.has(node.id) ? 'dead' : 'alive' })),
      regions,
    },
    policy: {
      ...DEFAULT_POLICY,
      weights: limits.withWeights ? Object.fromEntries(ids.map((id) => [id, 1 + prng.int(3)])) : {},
      drain,
      cordon,
      pins: {
        tables: limits.withBlockers ? base.tables.filter(() => prng.chance(0.05)).map(({ id }) => id) : [],
        regions: someRegions(0.08),
      },
    },
    memory: {
      cooldowns: someRegions(0.08).map((id) => ({ regionId: id, untilMs: NOW_MS + 1_000 })),
      quarantine: someRegions(0.03).map((id) => ({ regionId: id, untilMs: NOW_MS + 1_000 })),
      datanodes: DATANODE_ROLES.flatMap((role) =>
        (limits.withBlockers ? some(0.1) : []).map((datanode) => ({
          datanode,
          role,
          untilMs: NOW_MS + 1_000,
        })),
      ),
    },
    nowMs: NOW_MS,
  };
}
