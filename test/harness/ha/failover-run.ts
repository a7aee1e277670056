import { readConfig } from '../../../src/config/load.ts';
import type { TransportRequest, TransportResponse } from '../../../src/greptimedb/http.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { createPrng, type Prng } from '../../../src/lib/prng.ts';
import { SimulatedCluster } from '../../../src/simulator/index.ts';
import { SimNetwork } from '../sim/network.ts';
import { createLockServer, type LockServer } from './lock-servers.ts';
import { Replica, type ReplicaWorld } from './replica.ts';

export interface FailoverOptions {
  readonly provider: 'etcd' | 'kubernetes';
  readonly failovers: number;
  readonly profile?: string;
  readonly sabotage?: ReplicaWorld['sabotage'];
}

export interface FailoverResult {
  readonly violations: readonly string[];
  readonly failovers: number;
  /** Failovers that came while a migration of ours was under way. */
  readonly inTheMiddle: number;
  readonly requests: number;
  /** Every time without a leader, while one could lead. */
  readonly leaderlessMs: readonly number[];
  /** How the last leader ended: empty when in balance, and with nothing left to find out. */
  readonly left: string;
}

export const LEASE_MS = 15_000;
const REPLICAS = 3;
const LOOK_MS = 250;
const TICK_MS = 20_000;
const PROFILES = ['1.3.0', '1.3.0', '0.14.0', '0.9.5', '0.7.2'];
/** A pause as long as this outlives every lease, and the time in which an unanswered request is waited for. */
const LONGEST_PAUSE_MS = 400_000;
const PEACE_MS = 3_600_000;

/** Replicas that lose their leader again and again, by every way that there is; then peace, in which the cluster must become balanced. */
export async function runFailovers(seed: string, options: FailoverOptions): Promise<FailoverResult> {
  const run = new FailoverRun(seed, options);
  try {
    return await run.all();
  } finally {
    run.close();
  }
}

class FailoverRun {
  readonly #prng: Prng;
  readonly #clock: VirtualClock;
  readonly #cluster: SimulatedCluster;
  readonly #network: SimNetwork;
  readonly #locks: LockServer;
  readonly #replicas: Replica[];
  readonly #violations: string[] = [];
  readonly #options: FailoverOptions;
  readonly #onTheWire = new Set<string>();
  #requests = 0;
  #inTheMiddle = 0;
  readonly #leaderlessMs: number[] = [];

  constructor(seed: string, options: FailoverOptions) {
    this.#options = options;
    const prng = createPrng(`failover/${options.provider}/${seed}`);
    const clock = new VirtualClock();
    const profile = options.profile ?? prng.pick(PROFILES);
    this.#prng = prng;
    this.#clock = clock;
    this.#cluster = new SimulatedCluster(
      {
        profile,
        metasrvs: 1,
        frontends: 2,
        migrationMs: prng.pick([4_000, 15_000, 30_000]),
        faults: 'lost-answer:submit=0.05,latency=0.02,rollback=0.03',
        layout: { datanodes: 4, tables: 2, regionsPerTable: [6, 8], layout: 'crowded' },
      },
      { clock, prng: prng.fork('cluster') },
    );
    this.#network = new SimNetwork(this.#cluster, {
      clock,
      prng: prng.fork('network'),
      onMigrationRequest: ({ regionId }) => this.#noteRequest(regionId),
    });
    this.#network.lateProbability = 0.05;
    this.#locks = createLockServer(options.provider, clock);
    const config = readConfig({ env: {}, cwd: '/', set: SETTINGS });
    const world: ReplicaWorld = {
      clock,
      prng: prng.fork('replicas'),
      locks: this.#locks,
      send: (request, sender) => this.#send(request, sender),
      sabotage: options.sabotage,
    };
    this.#replicas = Array.from({ length: REPLICAS }, (_, index) => {
      const clocks = { rate: 0.9 + 0.2 * prng.next(), wallOffsetMs: prng.int(1_200_000) - 600_000 };
      return new Replica({ name: `r${index}`, config, tickMs: TICK_MS, clocks }, world);
    });
  }

  async all(): Promise<FailoverResult> {
    for (const replica of this.#replicas) await replica.start();
    this.#lookOn();
    for (let count = 0; count < this.#options.failovers; count += 1) await this.#failOver();
    const left = await this.#makePeace();
    return {
      violations: this.#violations,
      failovers: this.#options.failovers,
      inTheMiddle: this.#inTheMiddle,
      requests: this.#requests,
      leaderlessMs: this.#leaderlessMs,
      left,
    };
  }

  close(): void {
    for (const replica of this.#replicas) replica.die(true);
    this.#cluster.close();
  }

  #send(request: TransportRequest, sender: string): Promise<TransportResponse> {
    this.#sender = sender;
    return this.#network.request(request);
  }
  #sender = '';

  /** Two at a time is two too many: under way in the cluster, or still on their way to it. */
  #noteRequest(regionId: string): () => void {
    this.#requests += 1;
    const id = `${this.#requests}: region ${regionId} by ${this.#sender}`;
    const underWay = this.#cluster.migrationsUnderWay.map((move) => move.regionId);
    if (underWay.length + this.#onTheWire.size > 0) {
      const others = [...underWay, ...this.#onTheWire].join(', ');
      this.#violations.push(`Request ${id} was sent while others were under way: ${others}`);
    }
    if (this.#locks.note()?.includes(`"regionId":"${regionId}"`) !== true)
      this.#violations.push(`Request ${id} was sent, and the note beside the lock does not tell of it`);
    this.#onTheWire.add(id);
    return () => this.#onTheWire.delete(id);
  }

  /** Again and again: who leads? Work is made now and then. */
  #lookOn(): void {
    let leaderlessSinceMs: number | undefined;
    const look = (): void => {
      const leaders = this.#replicas.filter(({ isActing }) => isActing);
      const names = leaders.map(({ name }) => name).join(' and ');
      if (leaders.length > 1) this.#violations.push(`At the same time lead ${names}`);
      const nowMs = this.#clock.monotonicMs();
      const isAwaited = !leaders.some(isAble) && this.#replicas.some(isAble);
      if (!isAwaited && leaderlessSinceMs !== undefined) this.#leaderlessMs.push(nowMs - leaderlessSinceMs);
      leaderlessSinceMs = isAwaited ? (leaderlessSinceMs ?? nowMs - LOOK_MS) : undefined;
      if (this.#isMakingWork && this.#prng.chance(0.05 * (LOOK_MS / 1_000))) this.#makeWork();
      this.#clock.setTimer(LOOK_MS, look);
    };
    look();
  }
  #isMakingWork = true;

  #makeWork(): void {
    const busy = new Set(this.#cluster.migrationsUnderWay.map(({ regionId }) => regionId));
    const regions = [...this.#cluster.leaders()].filter(([id, leader]) => leader !== null && !busy.has(id));
    const [regionId] = this.#prng.pick(regions);
    this.#cluster.moveRegionBehindTheScenes(regionId, this.#prng.pick(['0', '1']));
  }

  /** Waits for a moment, most often in the middle of a migration, and takes the leader away. */
  async #failOver(): Promise<void> {
    await this.#clock.advance(20_000 + this.#prng.int(60_000));
    await this.#untilLed();
    if (this.#prng.chance(0.8)) await this.#untilUnderWay();
    const leader = this.#replicas.find(({ isActing }) => isActing);
    if (this.#cluster.migrationsUnderWay.length + this.#onTheWire.size > 0) this.#inTheMiddle += 1;
    if (leader) await this.#takeAway(leader);
  }

  async #takeAway(leader: Replica): Promise<void> {
    const prng = this.#prng;
    const forMs = prng.pick([5_000, 14_000, 16_000, 30_000, 120_000, prng.int(LONGEST_PAUSE_MS)]);
    const { process } = leader;
    switch (prng.pick(['die', 'hold', 'hold-at-the-wire', 'cut', 'hold-and-cut'] as const)) {
      case 'die':
        leader.die(prng.chance(0.5));
        this.#clock.setTimer(forMs, () => void leader.start());
        break;
      case 'hold':
        process?.hold();
        this.#clock.setTimer(forMs, () => process?.release());
        break;
      case 'hold-at-the-wire':
        leader.holdAtTheWireMs = forMs;
        this.#makeWork();
        await this.#untilHeld(leader);
        break;
      case 'cut':
        leader.isCutOff = true;
        this.#clock.setTimer(forMs, () => (leader.isCutOff = false));
        break;
      case 'hold-and-cut':
        leader.isCutOff = true;
        process?.hold();
        this.#clock.setTimer(forMs, () => process?.release());
        this.#clock.setTimer(forMs + 10_000, () => (leader.isCutOff = false));
    }
    await this.#clock.advance(1.5 * LEASE_MS);
  }

  async #untilHeld({ process }: Replica): Promise<void> {
    for (let tries = 0; tries < 600 && process?.isHeld === false; tries += 1) await this.#clock.advance(500);
  }

  async #untilLed(): Promise<void> {
    for (let tries = 0; tries < 600 && !this.#replicas.some(({ isActing }) => isActing); tries += 1)
      await this.#clock.advance(1_000);
  }

  async #untilUnderWay(): Promise<void> {
    for (let tries = 0; tries < 3_000; tries += 1) {
      if (this.#cluster.migrationsUnderWay.length + this.#onTheWire.size > 0) break;
      if (tries % 100 === 99) this.#makeWork();
      await this.#clock.advance(100);
    }
    await this.#clock.advance(this.#prng.int(3_000));
  }

  async #makePeace(): Promise<string> {
    this.#isMakingWork = false;
    this.#cluster.faults.clear();
    this.#network.lateProbability = 0;
    let left = '';
    for (let passedMs = 0; passedMs < PEACE_MS; passedMs += 60_000) {
      await this.#clock.advance(60_000);
      left = this.#whatIsLeft();
      if (left === '') break;
    }
    return left;
  }

  #whatIsLeft(): string {
    const leader = this.#replicas.find(({ isActing }) => isActing);
    if (!leader) return 'Nobody leads';
    const [open] = leader.store.unresolvedMoves();
    if (open) return `${leader.name}: move of region ${open.regionId} is ${open.state}: ${open.detail ?? ''}`;
    const end = leader.store.listCycles(2).find((cycle) => cycle.end)?.end;
    return end?.outcome === 'balanced'
      ? ''
      : `${leader.name}: ${end?.outcome ?? 'no cycle'}: ${end?.detail ?? ''}`;
  }
}

/** Not dead, held or cut off: it can be expected to lead. */
function isAble({ process, isCutOff }: Replica): boolean {
  return process !== undefined && !process.isHeld && !isCutOff;
}

const urls = (name: string, count: number, port: number): string =>
  JSON.stringify(Array.from({ length: count }, (_, index) => `http://${name}-${index}.sim:${port}`));

const SETTINGS = [
  'cluster.name=simulated',
  `cluster.sql.endpoints=${urls('frontend', 2, 4_000)}`,
  `cluster.metasrv.endpoints=${urls('metasrv', 1, 3_002)}`,
  'datanodes.expected=["0", "1", "2", "3"]',
  'execution.dryRun=false',
  'execution.replayTimeout=60s',
  'execution.regionCooldown=0s',
  'execution.maxConsecutiveFailures=1000',
  'execution.quarantine.base=1s',
  'execution.quarantine.max=1s',
  'execution.thrash.undoneMoves=1000',
];
