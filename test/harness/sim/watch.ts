import type { Config } from '../../../src/config/config.ts';
import { describeError, OperatingError } from '../../../src/domain/errors.ts';
import type { MoveRecord } from '../../../src/domain/move.ts';
import type { EventSource, StampedEvent } from '../../../src/observability/events.ts';
import type { Logger, LogFields } from '../../../src/observability/logger.ts';
import type { SimEvent } from '../../../src/simulator/index.ts';
import { Crash } from './life.ts';
import { ClaimCheck } from './check-claims.ts';
import { checkRequest } from './check-requests.ts';
import type { LeavingRequest, OnSettled } from './network.ts';
import type { World } from './world.ts';

/** Something that must never be. */
export interface Violation {
  readonly rule: string;
  readonly atMs: number;
  readonly detail: string;
}

/** A migration that our process asked for. */
export interface SentRequest extends LeavingRequest {
  readonly number: number;
  /** Virtual monotonic and wall time of its leaving. */
  readonly sentMs: number;
  readonly sentAtMs: number;
  /** The move that it was sent for; undefined when there is none. */
  readonly moveId: number | undefined;
  /** The cycle in which it left, counted over all processes. */
  readonly cycle: number;
  /** What the cluster made of it. */
  arrival?: 'accepted' | 'already-there' | 'refused' | 'lost';
  procedureId?: string;
  /**
   * Somebody else's migration of the region began after this request had left and before it arrived: a list of procedures does not tell
   * the two apart, and whichever is seen first is taken for ours.
   */
  wasOvertaken?: boolean;
  /** The cluster answered that the target leads the region already: who took it there cannot be told. */
  wasThere?: boolean;
  /** How the migration ended, by the cluster's own journal. */
  end?: {
    readonly moved: boolean;
    readonly status: string;
    readonly endedMs: number;
    readonly endedAtMs: number;
  };
}

/** What another mover did, or tried to. */
export interface OtherMove {
  readonly regionId: string;
  readonly to: string;
  /** Its begin on the monotonic clock. */
  readonly atMs: number;
  readonly procedureId?: string;
}

export interface CycleNote {
  readonly outcome: string;
  readonly detail: string;
  readonly atMs: number;
  requests: number;
}

type Arrival = Extract<SimEvent, { kind: 'mutating-request' }>;
type Ended = Extract<SimEvent, { kind: 'migration-ended' }>;

/** Sees all that our process sends and all that the cluster does, and calls out what must not be. */
export class Watch {
  readonly violations: Violation[] = [];
  readonly requests: SentRequest[] = [];
  readonly cycles: CycleNote[] = [];
  /** What happened, for whoever looks for the reason of a violation. */
  readonly trace: string[] = [];
  isTracing = false;
  /** The configuration by which the cycle that runs has to go. */
  config: Config;
  /** Configuration that the next cycle has to go by. */
  #nextConfig: Config | undefined;
  isCycleRunning = false;
  requestsThisCycle = 0;
  #cyclesBegun = 0;
  /** When the wall clock last jumped, on the monotonic clock. */
  lastJumpMs = 0;
  /** What others moved, or tried to. */
  readonly othersMoved: OtherMove[] = [];
  readonly #world: World;
  readonly #claims: ClaimCheck;

  constructor(world: World) {
    this.#world = world;
    this.config = world.config;
    this.#claims = new ClaimCheck(world);
    world.cluster.onEvent((event) => {
      this.#claims.noteClusterEvent(event);
      this.#noteClusterEvent(event);
    });
  }

  // ------------------------------------------------------------------------------------------- our process

  /** A new process works from now on. */
  adoptProcess(events: EventSource, config: Config): void {
    this.config = config;
    this.#nextConfig = undefined;
    this.isCycleRunning = false;
    this.say('a process starts');
    events.subscribe((event) => this.#noteOwnEvent(event));
  }

  processEnded(): void {
    this.isCycleRunning = false;
    this.say(`the process ends (${this.#world.deaths.at(-1) ?? 'stopped'})`);
  }

  /** Takes effect between two cycles. */
  configChanged(config: Config): void {
    if (this.isCycleRunning) this.#nextConfig = config;
    else this.config = config;
  }

  #noteOwnEvent(event: StampedEvent): void {
    this.#sayOwn(event);
    if (event.type === 'cycle-started') {
      this.isCycleRunning = true;
      this.#cyclesBegun += 1;
      this.#claims.cycleStarted();
      this.requestsThisCycle = 0;
      this.config = this.#nextConfig ?? this.config;
      this.#nextConfig = undefined;
    }
    if (event.type !== 'cycle-finished') return;
    this.isCycleRunning = false;
    const { outcome, detail, atMs } = event;
    this.cycles.push({ outcome, detail, atMs, requests: this.requestsThisCycle });
    for (const [rule, why] of this.#claims.cycleFinished(outcome, detail)) this.violate(rule, why);
    if (detail.trim() === '') this.violate('cycle-says-why', `A cycle ended as ${outcome} without a word`);
    this.config = this.#nextConfig ?? this.config;
    this.#nextConfig = undefined;
  }

  /** Logs nothing; an error that is none of the foreseen ones is a defect. */
  logger(): Logger {
    const onError = ({ error }: LogFields, message: string): void => {
      if (error instanceof Crash) return;
      this.say(`error: ${message}: ${describeError(error)}`);
      const isForeseen =
        error instanceof OperatingError &&
        (!error.code.startsWith('state-') || this.#world.disk.health !== 'well');
      if (!isForeseen)
        this.violate(
          'no-defects',
          `${message}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
    };
    const logger: Logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: onError,
      child: () => logger,
      setLevel: () => undefined,
    };
    return logger;
  }

  noteJump(deltaMs: number): void {
    this.lastJumpMs = this.#world.clock.monotonicMs();
    this.say(`the wall clock jumps by ${deltaMs} ms`);
  }

  noteOtherMove(regionId: string, to: string, procedureId?: string): void {
    const atMs = this.#world.clock.monotonicMs();
    this.othersMoved.push({ regionId, to, atMs, ...(procedureId !== undefined && { procedureId }) });
  }

  /** An error that would have ended a real process. */
  noteUncaught(error: unknown): void {
    this.violate('no-defects', error instanceof Error ? (error.stack ?? error.message) : String(error));
  }

  /** A request for a migration leaves our process. */
  noteRequest(request: LeavingRequest): OnSettled {
    const { clock, disk } = this.#world;
    const move = disk.raw
      .unresolvedMoves()
      .find(
        (open) => open.regionId === request.regionId && open.from === request.from && open.to === request.to,
      );
    const sent: SentRequest = {
      ...request,
      number: this.requests.length + 1,
      sentMs: clock.monotonicMs(),
      sentAtMs: clock.now(),
      moveId: move?.id,
      cycle: this.#cyclesBegun,
    };
    const isFollowUp = this.requests.some(({ moveId }) => moveId !== undefined && moveId === move?.id);
    if (!isFollowUp) this.requestsThisCycle += 1;
    this.say(
      `request ${sent.number}: region ${sent.regionId} from ${sent.from} to ${sent.to} (move ${move?.id ?? 'none'})`,
    );
    for (const [rule, detail] of checkRequest(this.#world, sent, move)) this.violate(rule, detail);
    this.requests.push(sent);
    return (fate) => {
      sent.arrival ??= fate;
    };
  }

  // ------------------------------------------------------------------------------------------- the cluster

  #noteClusterEvent(event: SimEvent): void {
    this.#sayCluster(event);
    if (event.kind === 'mutating-request') this.#noteArrival(event);
    if (event.kind === 'migration-ended' && event.reason === 'Manual') this.#noteEnd(event);
    if (event.kind === 'migration-started' && event.reason !== 'Manual')
      this.noteOtherMove(event.regionId, event.to, event.procedureId);
  }

  #noteArrival(event: Arrival): void {
    if (event.operation !== 'migrate-region') {
      this.violate('asks-for-migrations-only', `Our process sent ${event.operation} ${event.detail}`);
      return;
    }
    if (event.verdict === 'lost') return;
    const { regionId, from, to, procedureId } = event;
    const request = this.requests.find(
      (sent) =>
        sent.arrival === undefined && sent.regionId === regionId && sent.from === from && sent.to === to,
    );
    if (!request) {
      this.violate(
        'sent-once',
        `A request for region ${regionId ?? '?'} arrived that was not sent, or arrived twice`,
      );
      return;
    }
    request.arrival = event.verdict;
    request.wasOvertaken = this.othersMoved.some(
      (other) => other.regionId === regionId && other.atMs >= request.sentMs,
    );
    request.wasThere =
      event.verdict === 'already-there' || event.message?.includes('procedure is completed') === true;
    // The limit of a cycle is one of migrations. This request began none: its region had arrived before, which a frontend's old routes
    // had hidden. If it counted, a small limit would be used up by the same regions for as long as those routes are kept.
    if (request.wasThere && request.cycle === this.#cyclesBegun) this.requestsThisCycle -= 1;
    if (procedureId !== undefined) request.procedureId = procedureId;
    if (event.verdict === 'accepted') this.#checkStillOpen(request);
  }

  /** One that arrives late must still be looked out for. */
  #checkStillOpen({ moveId, number, regionId, wasOvertaken }: SentRequest): void {
    if (wasOvertaken) return;
    const move = moveId === undefined ? undefined : this.#world.disk.raw.move(moveId);
    if (move?.endedAtMs === undefined) return;
    this.violate(
      'given-up-too-early',
      `Request ${number} for region ${regionId} began when its move was ${move.state} (${move.cause ?? ''})`,
    );
  }

  #noteEnd({ procedureId, moved, status }: Ended): void {
    const request = this.requests.find((sent) => sent.procedureId === procedureId);
    if (!request) {
      this.violate('sent-once', `Procedure ${procedureId} ended, of which no request is known`);
      return;
    }
    const { clock } = this.#world;
    request.end = { moved, status, endedMs: clock.monotonicMs(), endedAtMs: clock.now() };
  }

  // ------------------------------------------------------------------------------------------- telling

  violate(rule: string, detail: string): void {
    this.say(`VIOLATION ${rule}: ${detail}`);
    this.violations.push({ rule, atMs: this.#world.clock.monotonicMs(), detail });
  }

  say(text: string): void {
    if (this.isTracing)
      this.trace.push(`${(this.#world.clock.monotonicMs() / 1_000).toFixed(3).padStart(10)} ${text}`);
  }

  #sayOwn(event: StampedEvent): void {
    if (!this.isTracing) return;
    if (event.type === 'move-state' || event.type === 'move-finished' || event.type === 'move-started') {
      const { move } = event;
      const why = move.cause === undefined ? '' : ` (${move.cause}: ${move.detail ?? ''})`;
      this.say(`  move ${move.id} region ${move.regionId} ${move.from}->${move.to}: ${move.state}${why}`);
    } else if (event.type === 'snapshot-taken') {
      const leaders = event.snapshot.regions.map(
        ({ id, leader, status }) => `${id}@${leader ?? '-'}${status === 'alive' ? '' : `(${status})`}`,
      );
      this.say(
        `  snapshot ${leaders.join(' ')} nodes ${event.snapshot.datanodes.map(({ id, status }) => `${id}:${status}`).join(' ')}`,
      );
    } else if (event.type === 'planned') {
      this.say(
        `  plan of ${event.plan.moves.length} moves, blocked ${event.plan.blocked.map(({ code, regionId }) => `${code}:${regionId ?? ''}`).join(' ')}`,
      );
    } else {
      this.say(`  ${JSON.stringify(event)}`);
    }
  }

  #sayCluster(event: SimEvent): void {
    if (this.isTracing)
      this.say(`    cluster: ${JSON.stringify({ ...event, seq: undefined, atMs: undefined })}`);
  }
}

/** Whether a move's record says that it moved its region. */
export function saysMoved(move: MoveRecord): boolean {
  return move.state === 'succeeded' || move.late?.outcome === 'succeeded';
}
