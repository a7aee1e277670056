import { Daemon } from '../../../src/app/daemon/daemon.ts';
import { SharedLeadership, type LeadershipParts } from '../../../src/app/ha/leadership.ts';
import { planNow } from '../../../src/app/planning/planner.ts';
import { ClusterSession } from '../../../src/app/daemon/cluster-session.ts';
import type { Config } from '../../../src/config/config.ts';
import { readSecrets } from '../../../src/config/secrets.ts';
import { OperatingError } from '../../../src/domain/errors.ts';
import { openCluster } from '../../../src/greptimedb/index.ts';
import { TransportError } from '../../../src/greptimedb/http.ts';
import type { Transport, TransportRequest, TransportResponse } from '../../../src/greptimedb/http.ts';
import { Election } from '../../../src/ha/election.ts';
import type { JsonRequest, JsonResponse } from '../../../src/ha/http.ts';
import { sleep, type Clock } from '../../../src/lib/clock.ts';
import type { Prng } from '../../../src/lib/prng.ts';
import { silentLogger } from '../../../src/observability/logger.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import type { Store } from '../../../src/store/port.ts';
import type { LockServer } from './lock-servers.ts';
import { everyTick, VirtualProcess, type ClockTrouble } from '../virtual-process.ts';

export interface ReplicaOptions {
  readonly name: string;
  readonly config: Config;
  readonly tickMs: number;
  readonly clocks: ClockTrouble;
}

export interface ReplicaWorld {
  readonly clock: Clock;
  readonly prng: Prng;
  readonly locks: LockServer;
  /** To the cluster, from the moment on at which the first byte leaves. */
  readonly send: (request: TransportRequest, sender: string) => Promise<TransportResponse>;
  /** Breaks rules on purpose, to see that they are watched. */
  readonly sabotage?: 'no-check-at-the-wire' | 'no-note' | undefined;
}

/** One replica of the rebalancer, whole, in virtual time; it may die and start again, with its state folder or with an empty one. */
export class Replica {
  readonly name: string;
  readonly #options: ReplicaOptions;
  readonly #world: ReplicaWorld;
  process: VirtualProcess | undefined;
  session: ClusterSession | undefined;
  /** Requests to the lock get no answer. */
  isCutOff = false;
  /** Held for so long right before the first byte of its next request for a migration. */
  holdAtTheWireMs: number | undefined;
  store: Store;
  #lives = 0;

  constructor(options: ReplicaOptions, world: ReplicaWorld) {
    this.name = options.name;
    this.#options = options;
    this.#world = world;
    this.store = openStore({ path: ':memory:' }, { clock: world.clock });
  }

  async start(): Promise<void> {
    const { config } = this.#options;
    const secrets = await readSecrets(config);
    const process = new VirtualProcess(this.#world.clock, this.#options.clocks);
    const { clock } = process;
    const session = new ClusterSession(
      { config, secrets },
      {
        clock,
        store: { ...this.store, close: () => undefined },
        planner: (input, options) => Promise.resolve(planNow(input, options, clock)),
        logger: silentLogger,
        openCluster: (options, dependencies, call) =>
          openCluster(options, { ...dependencies, transport: this.#transport(process) }, call),
        createLeadership: (parts) => this.#lead(process, parts),
      },
    );
    const daemon = new Daemon(session, everyTick(clock, this.#options.tickMs));
    this.process = process;
    this.session = session;
    daemon.start();
  }

  /** `kill -9`. */
  die(keepsState: boolean): void {
    this.process?.end();
    this.process = undefined;
    this.session = undefined;
    if (!keepsState) this.store = openStore({ path: ':memory:' }, { clock: this.#world.clock });
  }

  get isActing(): boolean {
    return this.session?.leadership.isActing() ?? false;
  }

  #lead(process: VirtualProcess, parts: LeadershipParts): SharedLeadership {
    const { clock } = process;
    const { locks, prng, sabotage } = this.#world;
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = this.#options.config.ha;
    this.#lives += 1;
    const lock = locks.lock({
      instance: `${this.name}.${this.#lives}`,
      leaseDurationMs,
      requestTimeoutMs: renewDeadlineMs / 4,
      firstTimeoutMs: retryPeriodMs / 2,
      clock,
      wire: (answer, request) => this.#askLock(process, answer, request),
    });
    const election = new Election(
      { ...this.#options.config.ha, identity: this.name },
      { lock, clock, random: () => prng.next(), onTrouble: () => undefined },
    );
    if (sabotage === 'no-note') election.readNote = () => Promise.resolve(undefined);
    return new SharedLeadership(
      { identity: this.name, writeLimitMs: renewDeadlineMs, retryMs: retryPeriodMs },
      { ...parts, election },
    );
  }

  async #askLock(
    process: VirtualProcess,
    answer: () => JsonResponse,
    { signal, timeoutMs }: JsonRequest,
  ): Promise<JsonResponse> {
    const { clock, prng } = this.#world;
    const lose = async (): Promise<never> => {
      await sleep(process.clock, timeoutMs, signal);
      throw new OperatingError('lock-unreachable', 'No answer');
    };
    if (!this.#isHeard(prng)) return lose();
    const wire = sleep(clock, 1 + prng.int(40)).then(async () => {
      const response = answer();
      await sleep(clock, 1 + prng.int(40));
      return response;
    });
    const response = await process.receive(wire);
    signal.throwIfAborted();
    return this.#isHeard(prng) ? response : lose();
  }

  /** Now and then a request or an answer is lost. */
  #isHeard(prng: Prng): boolean {
    return !this.isCutOff && !prng.chance(0.01);
  }

  #holdAtTheWire(process: VirtualProcess): void {
    const forMs = this.holdAtTheWireMs;
    if (forMs === undefined) return;
    this.holdAtTheWireMs = undefined;
    process.hold();
    this.#world.clock.setTimer(forMs, () => process.release());
  }

  #transport(process: VirtualProcess): Transport {
    const { clock, prng, send, sabotage } = this.#world;
    return {
      request: async (request) => {
        if (request.mayStart) this.#holdAtTheWire(process);
        // The connection is made; the process may be held before it goes on.
        await process.receive(sleep(clock, 1 + prng.int(5)));
        if (request.signal.aborted) throw new TransportError('Stopped', { sent: false, code: 'ABORTED' });
        const mayStart = sabotage === 'no-check-at-the-wire' || request.mayStart?.() !== false;
        if (!mayStart) throw new TransportError('Not allowed any more', { sent: false, code: 'NOT_ALLOWED' });
        // It was asked: the network beyond does not ask again.
        return process.receive(send({ ...request, mayStart: () => true }, this.name));
      },
      close: () => Promise.resolve(),
    };
  }
}
