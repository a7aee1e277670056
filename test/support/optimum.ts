import type { DatanodeRole, Memory, Policy } from '../../src/domain/policy.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';

/** The best that any placement can do, in order of importance. */
export interface Optimum {
  readonly regionsOnDraining: number;
  readonly tableSpreadViolation: number;
  readonly nodeSpreadViolation: number;
  readonly moves: number;
}

/**
 * The optimum by brute force: every placement of every table is tried, then tables are combined over all totals that the
 * datanodes can reach. Written from the definition of balance alone and sharing nothing with the planner. Only for tiny cases.
 */
export function bruteForceOptimum(
  snapshot: Snapshot,
  policy: Policy,
  memory: Memory,
  nowMs: number,
): Optimum {
  const alive = snapshot.datanodes.filter((node) => node.status === 'alive').map((node) => node.id);
  const draining = new Set(alive.filter((id) => policy.drain.includes(id)));
  const resting = (role: DatanodeRole): ReadonlySet<string> =>
    new Set(
      memory.datanodes
        .filter((rest) => rest.role === role && rest.untilMs > nowMs)
        .map((rest) => rest.datanode),
    );
  const [takeNone, giveNone] = [resting('target'), resting('source')];
  const targets = alive.filter((id) => !draining.has(id) && !policy.cordon.includes(id) && !takeNone.has(id));
  const weight = (id: string): number => policy.weights[id] ?? 1;
  const weights = targets.reduce((sum, id) => sum + weight(id), 0);
  const idsOf = (rests: Memory['cooldowns']): ReadonlySet<string> =>
    new Set(rests.filter((rest) => rest.untilMs > nowMs).map((rest) => rest.regionId));
  const [cooling, failed] = [idsOf(memory.cooldowns), idsOf(memory.quarantine)];
  const leftOnDead = snapshot.regions.filter(
    ({ leader }) => leader !== null && policy.drain.includes(leader) && !alive.includes(leader),
  ).length;
  const counted = snapshot.regions.filter(
    ({ leader }) => leader !== null && (targets.includes(leader) || draining.has(leader)),
  );
  const floor = (count: number, id: string): number => Math.floor((count * weight(id)) / weights + 1e-9);
  const ceil = (count: number, id: string): number => Math.ceil((count * weight(id)) / weights - 1e-9);
  const outside = (count: number, low: number, high: number): number =>
    Math.max(0, count - high, low - count);

  // totals of the targets -> the best (left, table violation, moves) that reaches them
  let states = new Map<string, [number, number, number]>([[targets.map(() => 0).join(), [0, 0, 0]]]);
  for (const tableId of new Set(counted.map((region) => region.tableId))) {
    const regions = counted.filter((region) => region.tableId === tableId);
    let placements = new Map<string, [number, number]>([[targets.map(() => 0).join(), [0, 0]]]);
    for (const region of regions) {
      const isHeld =
        region.status !== 'alive' ||
        policy.pins.regions.includes(region.id) ||
        policy.pins.tables.includes(region.tableId) ||
        failed.has(region.id) ||
        giveNone.has(region.leader!) ||
        (cooling.has(region.id) && !draining.has(region.leader!));
      const places = isHeld
        ? [region.leader!]
        : [
            ...targets.filter((id) => id === region.leader || !region.followers?.includes(id)),
            ...(draining.has(region.leader!) ? [region.leader!] : []),
          ];
      const next = new Map<string, [number, number]>();
      for (const [key, [left, moves]] of placements) {
        for (const place of places) {
          const column = targets.indexOf(place);
          const totals = key.split(',').map(Number);
          if (column >= 0) totals[column]! += 1;
          keepBest(next, totals.join(), [
            left + (column < 0 ? 1 : 0),
            moves + (place === region.leader ? 0 : 1),
          ]);
        }
      }
      placements = next;
    }
    const combined = new Map<string, [number, number, number]>();
    for (const [key, [left, violation, moves]] of states) {
      const totals = key.split(',').map(Number);
      for (const [rowKey, [rowLeft, rowMoves]] of placements) {
        const row = rowKey.split(',').map(Number);
        const rowViolation = targets.reduce(
          (sum, id, column) =>
            sum + outside(row[column]!, floor(regions.length, id), ceil(regions.length, id)),
          0,
        );
        keepBest(combined, totals.map((total, column) => total + row[column]!).join(), [
          left + rowLeft,
          violation + rowViolation,
          moves + rowMoves,
        ]);
      }
    }
    states = combined;
  }

  let best: number[] | undefined;
  for (const [key, [left, tableViolation, moves]] of states) {
    const totals = key.split(',').map(Number);
    const nodeViolation = targets.reduce(
      (sum, id, column) =>
        sum + outside(totals[column]!, floor(counted.length, id), ceil(counted.length, id)),
      0,
    );
    const candidate = [left, tableViolation, nodeViolation, moves];
    if (best === undefined || isBetter(candidate, best)) best = candidate;
  }
  const [regionsOnDraining = 0, tableSpreadViolation = 0, nodeSpreadViolation = 0, moves = 0] = best ?? [];
  return {
    regionsOnDraining: regionsOnDraining + leftOnDead,
    tableSpreadViolation,
    nodeSpreadViolation,
    moves,
  };
}

function keepBest<T extends number[]>(states: Map<string, T>, key: string, candidate: T): void {
  const known = states.get(key);
  if (known === undefined || isBetter(candidate, known)) states.set(key, candidate);
}

function isBetter(a: readonly number[], b: readonly number[]): boolean {
  const differs = a.findIndex((value, index) => value !== b[index]);
  return differs >= 0 && a[differs]! < b[differs]!;
}
