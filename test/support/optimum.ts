import type { DatanodeRole, Memory } from '../../src/domain/policy.ts';
import type { Region } from '../../src/domain/snapshot.ts';
import type { PlannerCase } from './random-case.ts';

/** The best that any placement can do, in order of importance. */
export interface Optimum {
  readonly regionsOnDraining: number;
  readonly tableSpreadViolation: number;
  readonly nodeSpreadViolation: number;
  readonly moves: number;
}

const MOVE = 1;
const NODE = 1e4;
const TABLE = 1e8;
const DRAIN = 1e12;

/** Steps `edge` and `edge ^ 1` are each other's way back. */
interface Network {
  readonly from: number[];
  readonly to: number[];
  readonly room: number[];
  readonly cost: number[];
  vertices: number;
}

/**
 * The optimum as a min-cost flow with a vertex for each region, by cheapest augmenting paths one region at a time. Written from the definition
 * of balance alone and sharing nothing with the planner. For up to some hundred regions.
 */
export function optimumOf({ snapshot, policy, memory, nowMs }: PlannerCase): Optimum {
  const alive = snapshot.datanodes.filter(({ status }) => status === 'alive').map(({ id }) => id);
  const isDraining = (id: string): boolean => alive.includes(id) && policy.drain.includes(id);
  const isResting = (rests: Memory['cooldowns'], id: string): boolean =>
    rests.some(({ regionId, untilMs }) => regionId === id && untilMs > nowMs);
  const isRestingAs = (wanted: DatanodeRole, id: string): boolean =>
    memory.datanodes.some(
      ({ datanode, role, untilMs }) => datanode === id && role === wanted && untilMs > nowMs,
    );
  const targets = alive.filter(
    (id) => ![...policy.drain, ...policy.cordon].includes(id) && !isRestingAs('target', id),
  );
  const isHeld = ({ id, tableId, leader, status }: Region): boolean =>
    status !== 'alive' ||
    policy.pins.regions.includes(id) ||
    policy.pins.tables.includes(tableId) ||
    isResting(memory.quarantine, id) ||
    isRestingAs('source', leader!) ||
    (!isDraining(leader!) && isResting(memory.cooldowns, id));
  const mayLead = (region: Region, id: string): boolean =>
    id === region.leader || (!isHeld(region) && region.followers?.includes(id) !== true);
  const led = snapshot.regions.filter(({ leader }) => leader !== null);
  const leftOnDead = led.filter(
    ({ leader }) => policy.drain.includes(leader!) && !alive.includes(leader!),
  ).length;
  const regions = led.filter(({ leader }) => targets.includes(leader!) || isDraining(leader!));

  const weights = targets.map((id) => policy.weights[id] ?? 1);
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const net: Network = { from: [], to: [], room: [], cost: [], vertices: 2 };
  const [source, sink] = [0, 1];
  let floors = { table: 0, node: 0 };
  const bounded = (vertex: number, to: number, count: number, weight: number, unit: number): number => {
    const floor = Math.floor((count * weight) / whole + 1e-9);
    const ceil = Math.ceil((count * weight) / whole - 1e-9);
    addEdge(net, vertex, to, floor, -unit);
    addEdge(net, vertex, to, ceil - floor, 0);
    addEdge(net, vertex, to, count, unit);
    return floor;
  };
  const columns = weights.map((weight) => {
    const column = net.vertices++;
    floors = { ...floors, node: floors.node + bounded(column, sink, regions.length, weight, NODE) };
    return column;
  });
  for (const members of Map.groupBy(regions, ({ tableId }) => tableId).values()) {
    const cells = columns.map((column, index) => {
      const cell = net.vertices++;
      floors = {
        ...floors,
        table: floors.table + bounded(cell, column, members.length, weights[index]!, TABLE),
      };
      return cell;
    });
    for (const region of members) {
      const vertex = net.vertices++;
      addEdge(net, source, vertex, 1, 0);
      if (isDraining(region.leader!)) addEdge(net, vertex, sink, 1, DRAIN);
      for (const [index, cell] of cells.entries()) {
        if (mayLead(region, targets[index]!))
          addEdge(net, vertex, cell, 1, targets[index] === region.leader ? 0 : MOVE);
      }
    }
  }
  const cost = shipAll(net, source, sink) + floors.table * TABLE + floors.node * NODE;
  return {
    regionsOnDraining: leftOnDead + Math.floor(cost / DRAIN),
    tableSpreadViolation: Math.floor((cost % DRAIN) / TABLE),
    nodeSpreadViolation: Math.floor((cost % TABLE) / NODE),
    moves: cost % NODE,
  };
}

function addEdge(net: Network, from: number, to: number, room: number, cost: number): void {
  if (room === 0) return;
  net.from.push(from, to);
  net.to.push(to, from);
  net.room.push(room, 0);
  net.cost.push(cost, -cost);
}

/** Ships all that the source has. Returns the cost. */
function shipAll(net: Network, source: number, sink: number): number {
  const edgesOf: number[][] = Array.from({ length: net.vertices }, () => []);
  net.from.forEach((vertex, edge) => edgesOf[vertex]!.push(edge));
  let cost = 0;
  for (;;) {
    const distance = Array.from({ length: net.vertices }, (_, vertex) => (vertex === source ? 0 : Infinity));
    const cameBy: number[] = [];
    const queue = [source];
    // The queue grows while it is walked.
    for (const vertex of queue) {
      for (const edge of edgesOf[vertex]!) {
        const reached = distance[vertex]! + net.cost[edge]!;
        if (net.room[edge] === 0 || reached >= distance[net.to[edge]!]!) continue;
        distance[net.to[edge]!] = reached;
        cameBy[net.to[edge]!] = edge;
        queue.push(net.to[edge]!);
      }
    }
    if (distance[sink] === Infinity) return cost;
    cost += distance[sink]!;
    for (let vertex = sink; vertex !== source; vertex = net.from[cameBy[vertex]!]!) {
      net.room[cameBy[vertex]!]! -= 1;
      net.room[cameBy[vertex]! ^ 1]! += 1;
    }
  }
}
