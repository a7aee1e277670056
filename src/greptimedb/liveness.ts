import type { DatanodeId } from '../domain/ids.ts';
import type { Clock } from '../lib/clock.ts';
import { sleep } from '../lib/clock.ts';
import type { Workloads } from './datanodes.ts';
import type { Lease, LeaseReading } from './metasrv/admin.ts';

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

/** Datanodes that metasrv has heard of, and which of them hold a lease. */
export interface LiveNodes {
  readonly addrs: ReadonlyMap<DatanodeId, string>;
  readonly workloads: ReadonlyMap<DatanodeId, Workloads>;
  readonly alive: ReadonlySet<DatanodeId>;
}

export interface LivenessDependencies {
  readonly clock: Clock;
  readonly readLeases: (signal: AbortSignal) => Promise<LeaseReading>;
  /** The oldest moment that the leader remembers anything from, by its own clock; undefined when it cannot tell. */
  readonly readOldestMs: (signal: AbortSignal) => Promise<number | undefined>;
}

/**
 * Tells live datanodes from dead ones by their leases, without believing in any two clocks to agree.
 *
 * The leases' own time is the base: it cannot be before the newest time stamp, plus the time since we first saw that one. A `Date` header,
 * or else our clock, is believed only while it makes the newest lease look fresh. Where that leaves a doubt the leases are read
 * again: one that advances proves what time it is. As metasrv's leader keeps leases in memory, a datanode that is known and has none
 * may merely not have been heard of by a new leader; it counts as dead only after a full lease without a word.
 */
export class LeaseLiveness {
  readonly #dependencies: LivenessDependencies;
  #newest: { readonly timestampMs: number; readonly seenAtMs: number } | undefined;
  /** What to subtract from a witness to get the leases' time. Learned when a lease proves it wrong. */
  #witnessSkewMs = 0;
  readonly #confirmedMissing = new Set<DatanodeId>();
  #lastAlive: ReadonlySet<DatanodeId> = new Set();

  constructor(dependencies: LivenessDependencies) {
    this.#dependencies = dependencies;
  }

  /** @param known datanodes that should exist: they lead regions, or the operator expects them. */
  async read(known: Iterable<DatanodeId>, signal: AbortSignal): Promise<LiveNodes> {
    const { clock, readLeases } = this.#dependencies;
    const wanted = new Set([...known, ...this.#lastAlive]);
    const startedMs = clock.monotonicMs();
    let firstNewestMs: number | undefined;
    let warm: boolean | undefined;
    for (let poll = 0; ; poll += 1) {
      const reading = await readLeases(signal);
      const elapsedMs = clock.monotonicMs() - startedMs;
      const newestMs = this.#noteNewest(reading.leases);
      firstNewestMs ??= newestMs;
      const advanced = newestMs !== undefined && newestMs !== firstNewestMs;
      const alive = this.#judge(reading, { advanced, elapsedMs });
      const isOver = elapsedMs >= LEASE_MS || poll >= MAX_POLLS;
      const missing = this.#missing(wanted, reading.leases);
      if (missing.length > 0 && alive && !isOver) warm ??= await this.#isWarm(reading, signal);
      if (isOver || (alive && (missing.length === 0 || warm)))
        return this.#conclude(reading.leases, alive ?? new Set(), missing);
      await sleep(clock, POLL_INTERVAL_MS, signal);
    }
  }

  #noteNewest(leases: readonly Lease[]): number | undefined {
    if (leases.length === 0) return undefined;
    const timestampMs = leases.reduce((newest, lease) => Math.max(newest, lease.timestampMs), 0);
    if (this.#newest?.timestampMs !== timestampMs)
      this.#newest = { timestampMs, seenAtMs: this.#dependencies.clock.monotonicMs() };
    return timestampMs;
  }

  /** The live datanodes, or undefined while that is in doubt. */
  #judge(
    reading: LeaseReading,
    poll: { advanced: boolean; elapsedMs: number },
  ): ReadonlySet<DatanodeId> | undefined {
    const newest = this.#newest;
    if (reading.leases.length === 0 || !newest) return undefined;
    const silentMs = this.#dependencies.clock.monotonicMs() - newest.seenAtMs;
    const earliestMs = newest.timestampMs + silentMs;
    if (silentMs >= LEASE_MS) return new Set();
    if (poll.advanced) {
      this.#learnSkew(reading, earliestMs);
      return aliveAt(reading.leases, earliestMs);
    }
    const witnessMs = this.#witness(reading, newest.timestampMs);
    if (witnessMs === undefined) return undefined;
    const alive = aliveAt(reading.leases, Math.max(earliestMs, witnessMs));
    const isSettled =
      witnessMs - newest.timestampMs <= RENEWAL_MS ||
      poll.elapsedMs >= RENEWAL_MS ||
      sameSize(alive, aliveAt(reading.leases, earliestMs));
    return isSettled ? alive : undefined;
  }

  /** A clock by which the newest lease is fresh: the server's, else ours. */
  #witness(reading: LeaseReading, newestMs: number): number | undefined {
    const witnesses = [reading.dateMs, this.#dependencies.clock.now()];
    return witnesses
      .flatMap((witness) => (witness === undefined ? [] : [witness - this.#witnessSkewMs, witness]))
      .find((witness) => witness - newestMs >= -CLOCK_SLACK_MS && witness - newestMs < LEASE_MS);
  }

  #learnSkew(reading: LeaseReading, trueMs: number): void {
    const skewMs = (reading.dateMs ?? this.#dependencies.clock.now()) - trueMs;
    this.#witnessSkewMs = Math.abs(skewMs) > 2_000 ? skewMs : 0;
  }

  #missing(wanted: ReadonlySet<DatanodeId>, leases: readonly Lease[]): DatanodeId[] {
    const present = new Set(leases.map((lease) => lease.id));
    for (const id of present) this.#confirmedMissing.delete(id);
    return [...wanted].filter((id) => !present.has(id) && !this.#confirmedMissing.has(id));
  }

  /** Whether the leader has collected leases for so long that a datanode without one is dead. */
  async #isWarm(reading: LeaseReading, signal: AbortSignal): Promise<boolean> {
    const newestMs = this.#newest?.timestampMs ?? 0;
    if (reading.leases.some((lease) => newestMs - lease.timestampMs >= LEASE_MS)) return true;
    const oldestMs = await this.#dependencies.readOldestMs(signal);
    return oldestMs !== undefined && newestMs - oldestMs >= LEASE_MS;
  }

  #conclude(leases: readonly Lease[], alive: ReadonlySet<DatanodeId>, missing: DatanodeId[]): LiveNodes {
    for (const id of missing) this.#confirmedMissing.add(id);
    this.#lastAlive = alive;
    return {
      addrs: new Map(leases.map((lease) => [lease.id, lease.addr])),
      workloads: new Map(leases.flatMap(({ id, workloads }) => (workloads ? [[id, workloads]] : []))),
      alive,
    };
  }
}

function aliveAt(leases: readonly Lease[], nowMs: number): ReadonlySet<DatanodeId> {
  return new Set(leases.filter((lease) => nowMs - lease.timestampMs < LEASE_MS).map((lease) => lease.id));
}

function sameSize(a: ReadonlySet<DatanodeId>, b: ReadonlySet<DatanodeId>): boolean {
  return a.size === b.size;
}
