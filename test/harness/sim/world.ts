import { createActions } from '../../../src/app/api/actions.ts';
import { recordSamples } from '../../../src/app/daemon/samples.ts';
import { Daemon } from '../../../src/app/daemon/daemon.ts';
import { planNow, type Planner } from '../../../src/app/planning/planner.ts';
import { ClusterSession } from '../../../src/app/daemon/cluster-session.ts';
import type { Config } from '../../../src/config/config.ts';
import { readSecrets, type Secrets } from '../../../src/config/secrets.ts';
import { OperatingError } from '../../../src/domain/errors.ts';
import { openCluster } from '../../../src/greptimedb/index.ts';
import type { Cluster } from '../../../src/greptimedb/port.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { everyTick } from '../virtual-process.ts';
import { createPrng, type Prng } from '../../../src/lib/prng.ts';
import { trackLiveState } from '../../../src/observability/live-state.ts';
import type { ServerActions } from '../../../src/server/api/ports.ts';
import { SimulatedCluster } from '../../../src/simulator/index.ts';
import type { Store } from '../../../src/store/port.ts';
import { createDisk, type Disk } from './disk.ts';
import { Life, type DeathPlan } from './life.ts';
import type { Scenario } from './scenario.ts';
import { SimNetwork } from './network.ts';
import { Watch } from './watch.ts';

/** Ways to break a daemon on purpose, so that the checkers can be checked. */
export interface Sabotage {
  readonly cluster?: (cluster: Cluster, world: World) => Cluster;
  readonly store?: (store: Store, world: World) => Store;
  readonly planner?: (planner: Planner, world: World) => Planner;
  /** What the daemon takes for its configuration, in place of what the operator wrote. */
  readonly config?: (config: Config) => Config;
  /** The cluster session as the daemon gets it. */
  readonly session?: (session: ClusterSession) => ClusterSession;
}

/** A daemon that lives. */
export interface LivingDaemon {
  readonly life: Life;
  readonly daemon: Daemon;
  readonly session: ClusterSession;
  readonly actions: ServerActions;
}

/** A simulated cluster, a disk, a network, and our daemon on them, in virtual time from one seed. */
export class World {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly cluster: SimulatedCluster;
  readonly disk: Disk;
  readonly network: SimNetwork;
  readonly watch: Watch;
  readonly prng: Prng;
  readonly sabotage: Sabotage;
  /** The configuration file as it stands. */
  config: Config;
  /** Since when metasrv's switches have been on, on the monotonic clock. */
  readonly switches: { maintenanceSinceMs: number | undefined; pausedSinceMs: number | undefined } = {
    maintenanceSinceMs: undefined,
    pausedSinceMs: undefined,
  };
  /** Deaths of our process, with what it was doing. */
  readonly deaths: string[] = [];
  #living: LivingDaemon | undefined;
  #secrets: Secrets | undefined;

  constructor(scenario: Scenario, sabotage: Sabotage = {}) {
    this.scenario = scenario;
    this.sabotage = sabotage;
    this.config = scenario.config;
    this.clock = new VirtualClock(scenario.startMs);
    this.prng = createPrng(`${scenario.seed}/world`);
    this.cluster = new SimulatedCluster(scenario.cluster, {
      clock: this.clock,
      prng: this.prng.fork('cluster'),
    });
    this.disk = createDisk(scenario.disk, { clock: this.clock, prng: this.prng.fork('disk') });
    this.watch = new Watch(this);
    this.network = new SimNetwork(this.cluster, {
      clock: this.clock,
      prng: this.prng.fork('network'),
      onMigrationRequest: (request) => this.watch.noteRequest(request),
    });
  }

  get living(): LivingDaemon | undefined {
    return this.#living?.life.isDead === false ? this.#living : undefined;
  }

  /** Starts our process, as after a boot. */
  async start(plan?: DeathPlan): Promise<void> {
    this.#secrets ??= await readSecrets(this.config);
    const life = new Life(this.clock, {
      plan,
      onDeath: (place) => this.#bury(place),
      onUncaught: (error) => this.watch.noteUncaught(error),
    });
    try {
      this.#living = this.#assemble(life, this.#secrets);
      this.#living.daemon.start();
    } catch (error) {
      if (life.isDead) return;
      if (!(error instanceof OperatingError)) throw error;
      // A process that cannot use its state folder says so and ends.
      life.end();
      this.disk.release('closed');
    }
  }

  #assemble(life: Life, secrets: Secrets): LivingDaemon {
    const { sabotage, config } = this;
    const store = life.mortal(sabotage.store?.(this.disk.open(), this) ?? this.disk.open());
    const planner: Planner = (input, options) => Promise.resolve(planNow(input, options, life.clock));
    const logger = this.watch.logger();
    const honest = new ClusterSession(
      { config: sabotage.config?.(config) ?? config, secrets },
      {
        clock: life.clock,
        store,
        planner: sabotage.planner?.(planner, this) ?? planner,
        logger,
        openCluster: async (options, dependencies, call) => {
          const transport = life.transport(this.network);
          const prng = this.prng.fork('retries');
          const cluster = await openCluster(options, { ...dependencies, transport, prng }, call);
          return sabotage.cluster?.(cluster, this) ?? cluster;
        },
      },
    );
    const session = sabotage.session?.(honest) ?? honest;
    this.watch.adoptProcess(session.events, config);
    const daemon = new Daemon(session, everyTick(life.clock, this.scenario.tickMs));
    const live = trackLiveState(session.events);
    recordSamples(store, live);
    return { life, daemon, session, actions: createActions({ session, daemon, live, planner }) };
  }

  #bury(place: string): void {
    this.deaths.push(place);
    this.watch.processEnded();
    this.disk.release('crashed');
  }

  /** Ends our process as SIGTERM does. */
  async stop(): Promise<void> {
    const living = this.living;
    if (!living) return;
    await living.daemon.stop();
    if (living.life.isDead) return;
    await living.session.close();
    living.life.end();
    this.watch.processEnded();
    this.disk.release('closed');
  }

  /** A new configuration file; the daemon that lives reads it. */
  reconfigure(change: (config: Config) => Config): void {
    this.config = change(this.config);
    const living = this.living;
    if (!living) return;
    living.daemon.reload(this.sabotage.config?.(this.config) ?? this.config);
    this.watch.configChanged(this.config);
  }

  setMaintenance(isOn: boolean): void {
    this.switches.maintenanceSinceMs = isOn
      ? (this.switches.maintenanceSinceMs ?? this.clock.monotonicMs())
      : undefined;
    this.cluster.setMaintenance(isOn);
  }

  setProceduresPaused(isPaused: boolean): void {
    this.switches.pausedSinceMs = isPaused
      ? (this.switches.pausedSinceMs ?? this.clock.monotonicMs())
      : undefined;
    this.cluster.pauseProcedures(isPaused);
  }

  jumpWall(deltaMs: number): void {
    this.clock.jumpWall(deltaMs);
    this.watch.noteJump(deltaMs);
  }

  /** Somebody else moves a region: by a procedure that can be seen, or at once. */
  moveAsAnother(regionId: string, to: string, how: 'procedure' | 'at-once'): void {
    this.watch.noteOtherMove(regionId, to);
    if (how === 'procedure') this.cluster.startForeignMigration(regionId, to);
    else if (!this.cluster.migrationsUnderWay.some((running) => running.regionId === regionId))
      this.cluster.moveRegionBehindTheScenes(regionId, to);
  }

  /** Whether the daemon has a way to know of maintenance mode. */
  get knowsSafety(): boolean {
    return this.scenario.knowsMetasrv && this.cluster.profile.maintenance !== 'none';
  }

  /** Whether the cluster tells which datanodes follow a region (routes always do; `region_peers` from 0.14 on). */
  get knowsFollowers(): boolean {
    const { legacyAdmin, adminFunctions, peersTellFollowers } = this.cluster.profile;
    // With SQL alone 0.7 does not tell, and a metasrv that was down when the cluster was opened is not asked for routes.
    return (legacyAdmin && adminFunctions === null) || peersTellFollowers;
  }

  /** Whether the daemon has a way to know which datanodes live. */
  get knowsLiveness(): boolean {
    return this.scenario.knowsMetasrv || this.cluster.profile.clusterInfo !== 'none';
  }

  /** Whether the daemon is told which datanodes take no writes. */
  get knowsWorkloads(): boolean {
    const { clusterInfo, workloads } = this.cluster.profile;
    return clusterInfo === 'detailed' || (this.scenario.knowsMetasrv && workloads);
  }

  /** Runs virtual time on. */
  async run(durationMs: number): Promise<void> {
    await this.clock.advance(durationMs);
  }

  close(): void {
    this.living?.life.end();
    this.cluster.close();
    this.disk.discard();
  }
}
