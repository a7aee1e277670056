import type { DatanodeId, RegionId } from './ids.ts';
import type { LoadMemory, LoadPolicy } from './load.ts';
import type { TableSelection } from './selector.ts';

/** What the operator wants: the planner's second input beside the snapshot. Plain data, so that it can cross to a worker thread. */
export interface Policy {
  readonly objective: 'count' | 'load';
  /** With the objective `load`. */
  readonly load?: LoadPolicy;
  readonly tables: TableSelection;
  /** Integers of at least 1; datanodes that are not named weigh 1. */
  readonly weights: Readonly<Record<DatanodeId, number>>;
  readonly drain: readonly DatanodeId[];
  readonly cordon: readonly DatanodeId[];
  readonly pins: Pins;
  /** Move regions off draining datanodes only; every other region stays where it is. */
  readonly onlyDrain?: boolean;
}

interface Pins {
  /** Table patterns, as in {@link TableSelection}. */
  readonly tables: readonly string[];
  readonly regions: readonly RegionId[];
}

/** The most that a datanode may weigh. Larger ratios than this have no practical meaning. */
export const MAX_WEIGHT = 1_000_000;

/** What earlier cycles left behind: the planner's third input. Times in ms since 1970. */
export interface Memory {
  readonly cooldowns: readonly Rest[];
  readonly quarantine: readonly Rest[];
  readonly datanodes: readonly DatanodeRest[];
  /** Absent: nobody watches the load from cycle to cycle. */
  readonly load?: LoadMemory;
}

/** A region that must not be moved before a moment. */
export interface Rest {
  readonly regionId: RegionId;
  readonly untilMs: number;
}

/** As what a datanode took part in migrations. */
export const DATANODE_ROLES = ['source', 'target'] as const;
export type DatanodeRole = (typeof DATANODE_ROLES)[number];

/** A datanode that must not give, or must not receive, regions before a moment: migrations failed because of it. */
export interface DatanodeRest {
  readonly datanode: DatanodeId;
  readonly role: DatanodeRole;
  readonly untilMs: number;
}

export const EMPTY_MEMORY: Memory = { cooldowns: [], quarantine: [], datanodes: [] };

/** What operators may ask of a datanode while the daemon runs. */
export type RequestKind = 'drain' | 'cordon';

/** The policy with further datanodes to drain and to cordon. One that is emptied is not kept as it is: draining outweighs a cordon. */
export function withRequests(
  policy: Policy,
  requests: Readonly<Partial<Record<RequestKind, readonly DatanodeId[]>>>,
): Policy {
  const drain = [...new Set([...policy.drain, ...(requests.drain ?? [])])];
  const cordon = [...new Set([...policy.cordon, ...(requests.cordon ?? [])])];
  return { ...policy, drain, cordon: cordon.filter((id) => !drain.includes(id)) };
}
