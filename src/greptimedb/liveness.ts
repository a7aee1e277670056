import type { DatanodeId } from '../domain/ids.ts';
import type { Clock } from '../lib/clock.ts';
import { sleep } from '../lib/clock.ts';

/**
 * A datanode's lease: three heartbeats of 3 s and one second (GreptimeDB src/common/meta/src/distributed_time_constants.rs).
 * Metasrv itself refuses to migrate from or to a datanode that it has not heard of for this long.
 */
export const LEASE_MS = 10_000;
/** The newest of several leases is renewed at least this often; a little more than the heartbeat interval of 3 s. */
const RENEWAL_MS = 4_000;
/** By how much a server's clock may seem to run ahead of itself: a `Date` header counts whole seconds. */
const CLOCK_SLACK_MS = 5_000;
const POLL_INTERVAL_MS = 1_000;
const MAX_POLLS = 14;

export interface ListedNode {
  readonly addr: string;
  /** What it is for: `hybrid`, `ingest`, `query`. Left out where it takes everything, or nothing is told. */
  readonly workloads?: readonly string[];
}

const MAX_WORKLOADS = 16;

/**
 * Undefined unless it is a list that says more than that the datanode takes everything. An empty one takes nothing, by metasrv's selector
 * too (GreptimeDB src/common/meta/src/datanode.rs).
 */
export function readWorkloads(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_WORKLOADS) return undefined;
  const words = value.map((each) => String(each).toLowerCase());
  return words.includes('hybrid') ? undefined : words;
}

/** One datanode's last heartbeat as metasrv's leader noted it, by its own clock. */
export interface Lease extends ListedNode {
  readonly id: DatanodeId;
  readonly timestampMs: number;
}

export interface LeaseReading {
  readonly leases: readonly Lease[];
  /** The answering server's clock, when it sends a `Date` header: whole seconds. */
  readonly dateMs: number | undefined;
}

/** Datanodes that metasrv has heard of, and which of them live. */
export interface LiveNodes {
  readonly nodes: ReadonlyMap<DatanodeId, ListedNode>;
  readonly alive: ReadonlySet<DatanodeId>;
}

/** One look at the datanodes. */
export interface NodeLook extends Pick<LiveNodes, 'nodes'> {
  /** Undefined while there is doubt. */
  readonly alive: ReadonlySet<DatanodeId> | undefined;
  /** Whether metasrv's leader remembers so long a time that a datanode which it does not list is dead. */
  readonly isWarm: () => boolean | Promise<boolean>;
}

/** Looks once. `elapsedMs` tells how long ago looking began. */
type Look = (signal: AbortSignal, elapsedMs: () => number) => Promise<NodeLook>;

/**
 * Tells live datanodes from dead ones. As metasrv's leader keeps what it heard in memory, a datanode that is known and not listed may merely
 * not have been heard of by a new leader: it counts as dead only after a full lease without a word, or when the leader remembers so far back.
 */
export class NodeWatch {
  readonly #clock: Clock;
  readonly #begin: () => Look;
  readonly #confirmedMissing = new Set<DatanodeId>();
  #lastAlive: ReadonlySet<DatanodeId> = new Set();

  /** @param begin begins to look, once for each question. */
  constructor(clock: Clock, begin: () => Look) {
    this.#clock = clock;
    this.#begin = begin;
  }

  /** One look as it is. */
  async now(signal: AbortSignal): Promise<LiveNodes> {
    const { nodes, alive = new Set() } = await this.#begin()(signal, () => 0);
    return { nodes, alive };
  }

  /** @param known datanodes that should exist: they lead regions, or the operator expects them. */
  async settled(known: Iterable<DatanodeId>, signal: AbortSignal): Promise<LiveNodes> {
    const wanted = new Set([...known, ...this.#lastAlive]);
    const look = this.#begin();
    const startedMs = this.#clock.monotonicMs();
    const elapsedMs = (): number => this.#clock.monotonicMs() - startedMs;
    for (let poll = 0; ; poll += 1) {
      const { nodes, alive, isWarm } = await look(signal, elapsedMs);
      const isOver = elapsedMs() >= LEASE_MS || poll >= MAX_POLLS;
      for (const id of nodes.keys()) this.#confirmedMissing.delete(id);
      const missing = [...wanted].filter((id) => !nodes.has(id) && !this.#confirmedMissing.has(id));
      if (isOver || (alive && (missing.length === 0 || (await isWarm())))) {
        for (const id of missing) this.#confirmedMissing.add(id);
        this.#lastAlive = alive ?? new Set();
        return { nodes, alive: this.#lastAlive };
      }
      await sleep(this.#clock, POLL_INTERVAL_MS, signal);
    }
  }
}

interface LeaseSource {
  readonly clock: Clock;
  readonly readLeases: (signal: AbortSignal) => Promise<LeaseReading>;
  /** The oldest moment that the leader remembers anything from, by its own clock; undefined when it cannot tell. */
  readonly readOldestMs: (signal: AbortSignal) => Promise<number | undefined>;
}

/**
 * Watches leases without believing in any two clocks to agree.
 *
 * The leases' own time is the base: it cannot be before the newest time stamp, plus the time since we first saw that one. A `Date` header,
 * or else our clock, is believed only while it makes the newest lease look fresh. Where that leaves a doubt the leases are read
 * again: one that advances proves what time it is.
 */
export function watchLeases(source: LeaseSource): NodeWatch {
  const judge = new LeaseJudge(source.clock);
  return new NodeWatch(source.clock, () => {
    let firstNewestMs: number | undefined;
    let memory: Promise<boolean> | undefined;
    return async (signal, elapsedMs) => {
      const reading = await source.readLeases(signal);
      const newestMs = judge.noteNewest(reading.leases);
      firstNewestMs ??= newestMs;
      const advanced = newestMs !== undefined && newestMs !== firstNewestMs;
      const remembers = (atMs = Infinity): boolean => (newestMs ?? 0) - atMs >= LEASE_MS;
      const readMemory = async (): Promise<boolean> =>
        reading.leases.some(({ timestampMs }) => remembers(timestampMs)) ||
        remembers(await source.readOldestMs(signal));
      return {
        nodes: new Map(reading.leases.map((lease) => [lease.id, lease])),
        alive: judge.alive(reading, { advanced, elapsedMs: elapsedMs() }),
        isWarm: () => (memory ??= readMemory()),
      };
    };
  });
}

/** Judges by readings of leases what time it is for the servers, and so which leases hold. */
class LeaseJudge {
  readonly #clock: Clock;
  #newest: { readonly timestampMs: number; readonly seenAtMs: number } = { timestampMs: 0, seenAtMs: 0 };
  /** What to subtract from a witness to get the leases' time. Learned when a lease proves it wrong. */
  #witnessSkewMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns the newest time stamp, if there is any. */
  noteNewest(leases: readonly Lease[]): number | undefined {
    if (leases.length === 0) return undefined;
    const timestampMs = leases.reduce((newest, lease) => Math.max(newest, lease.timestampMs), 0);
    if (this.#newest.timestampMs !== timestampMs)
      this.#newest = { timestampMs, seenAtMs: this.#clock.monotonicMs() };
    return timestampMs;
  }

  /** The live datanodes, or undefined while that is in doubt. */
  alive(
    reading: LeaseReading,
    poll: { readonly advanced: boolean; readonly elapsedMs: number },
  ): ReadonlySet<DatanodeId> | undefined {
    if (reading.leases.length === 0) return undefined;
    const { timestampMs: newestMs, seenAtMs } = this.#newest;
    const silentMs = this.#clock.monotonicMs() - seenAtMs;
    const earliestMs = newestMs + silentMs;
    if (silentMs >= LEASE_MS) return new Set();
    if (poll.advanced) {
      this.#learnSkew(reading, earliestMs);
      return aliveAt(reading.leases, earliestMs);
    }
    const witnessMs = this.#witness(reading, newestMs);
    if (witnessMs === undefined) return undefined;
    const alive = aliveAt(reading.leases, Math.max(earliestMs, witnessMs));
    const isSettled =
      witnessMs - newestMs <= RENEWAL_MS ||
      poll.elapsedMs >= RENEWAL_MS ||
      alive.size === aliveAt(reading.leases, earliestMs).size;
    return isSettled ? alive : undefined;
  }

  /** A clock by which the newest lease is fresh: the server's, else ours. */
  #witness(reading: LeaseReading, newestMs: number): number | undefined {
    const witnesses = [reading.dateMs, this.#clock.now()];
    return witnesses
      .flatMap((witness) => (witness === undefined ? [] : [witness - this.#witnessSkewMs, witness]))
      .find((witness) => witness - newestMs >= -CLOCK_SLACK_MS && witness - newestMs < LEASE_MS);
  }

  #learnSkew(reading: LeaseReading, trueMs: number): void {
    const skewMs = (reading.dateMs ?? this.#clock.now()) - trueMs;
    this.#witnessSkewMs = Math.abs(skewMs) > 2_000 ? skewMs : 0;
  }
}

function aliveAt(leases: readonly Lease[], nowMs: number): ReadonlySet<DatanodeId> {
  return new Set(leases.filter((lease) => nowMs - lease.timestampMs < LEASE_MS).map((lease) => lease.id));
}
