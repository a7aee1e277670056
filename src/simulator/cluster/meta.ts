import { lastBeatMs, LEASE_MS } from './heartbeats.ts';
import type { LeaderMemory } from './heartbeats.ts';
import type { SimDatanode } from './model.ts';
import type { ServerTime } from './time.ts';

export interface Metasrv {
  readonly index: number;
  readonly hostname: string;
  readonly startedAtMs: number;
  up: boolean;
}

/** A cluster-wide switch in the metadata store, which each metasrv caches for 10 s. */
interface Switch {
  value: boolean;
  previous: boolean;
  setBy: number;
  setAtMs: number;
}

export type SwitchName = 'maintenance' | 'procedures-paused';

const SWITCH_CACHE_MS = 10_000;

/** The group of metasrvs: who leads, since when, and the cluster-wide switches. */
export class MetaGroup {
  readonly servers: readonly Metasrv[];
  readonly hasElection: boolean;
  readonly #time: ServerTime;
  readonly #statFlushBeats: number;
  readonly #switches: Record<SwitchName, Switch>;
  #leader: number | null = 0;
  #electedAtMs: number;

  constructor(
    options: { metasrvs: number; election: boolean; statFlushBeats: number; electedAtMs: number },
    dependencies: { time: ServerTime },
  ) {
    this.hasElection = options.election;
    this.#time = dependencies.time;
    this.#statFlushBeats = options.statFlushBeats;
    this.#electedAtMs = options.electedAtMs;
    const startedAtMs = options.electedAtMs;
    this.servers = Array.from({ length: options.metasrvs }, (_, index) => {
      return { index, hostname: `metasrv-${index}`, startedAtMs, up: true };
    });
    const off = (): Switch => ({ value: false, previous: false, setBy: 0, setAtMs: 0 });
    this.#switches = { maintenance: off(), 'procedures-paused': off() };
  }

  /** Index of the leading metasrv, or null while nobody is elected. */
  get leader(): number | null {
    return this.#leader;
  }

  /** The leader's memory of heartbeats; without a leader nobody has any. */
  memory(): LeaderMemory {
    const electedAtMs = this.#leader === null ? Number.POSITIVE_INFINITY : this.#electedAtMs;
    return { electedAtMs, statFlushBeats: this.#statFlushBeats };
  }

  depose(): void {
    this.#leader = null;
  }

  elect(index: number): void {
    this.#leader = index;
    this.#electedAtMs = this.#time.now();
  }

  /** When the leader last heard of a datanode; undefined when it never did since its election. */
  leaseMs(node: SimDatanode): number | undefined {
    return lastBeatMs(node, this.#time.now(), this.memory().electedAtMs);
  }

  /** Whether the leader holds a live lease (less than 10 s old) of a datanode. */
  isAlive(node: SimDatanode | undefined): boolean {
    const beatMs = node && this.leaseMs(node);
    return beatMs !== undefined && this.#time.now() - beatMs < LEASE_MS;
  }

  setSwitch(name: SwitchName, value: boolean, setBy: number): void {
    const previous = this.readSwitch(name, setBy);
    this.#switches[name] = { value, previous, setBy, setAtMs: this.#time.now() };
  }

  /** A switch as the given metasrv sees it: at once where it was set, after the cache's 10 s elsewhere. */
  readSwitch(name: SwitchName, metasrv: number): boolean {
    const { value, previous, setBy, setAtMs } = this.#switches[name];
    const isFresh = metasrv === setBy || this.#time.now() - setAtMs >= SWITCH_CACHE_MS;
    return isFresh ? value : previous;
  }

  /** A switch as the leader sees it. */
  leaderSwitch(name: SwitchName): boolean {
    return this.readSwitch(name, this.#leader ?? this.#switches[name].setBy);
  }
}
