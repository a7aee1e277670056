import { OperatingError } from '../../domain/errors.ts';
import { sleep } from '../../lib/clock.ts';
import type { CallError } from '../call-error.ts';
import type { AnswerReader, Call, Caller } from '../caller.ts';
import { parseEndpoint, siblingEndpoint } from '../endpoint.ts';
import type { Endpoint } from '../endpoint.ts';
import type { MetasrvOptions, WarningListener } from '../options.ts';
import { readWithRetries } from '../retry.ts';
import { adminCall, readLeader } from './admin.ts';
import type { LeaderAnswer } from './admin.ts';
import { leaderRefusal } from './leader-address.ts';

/** What we know of the metasrvs after asking all of them who leads. */
interface Discovery {
  /** Servers that answered as metasrvs do, the leader first where it is known. */
  readonly alive: readonly Endpoint[];
  /** Why the leader that was named is not asked itself, if so. */
  readonly leaderRefusal: OperatingError | undefined;
  readonly atMs: number;
}

/** One round of asking all metasrvs at once, so that dead and slow ones cost no time. */
interface Round {
  readonly answers: Map<Endpoint, LeaderAnswer>;
  readonly errors: Error[];
  /** Labels of leader addresses that were not configured, and were tried. */
  readonly followed: Set<string>;
  leaderRefusal: OperatingError | undefined;
  /** Ends when the round has gone on for long enough. */
  readonly signal: AbortSignal;
  readonly onAnswer: () => void;
}

/** How long to wait for other metasrvs once one has answered without settling who leads. */
const GRACE_MS = 1_000;
const MAX_ENDPOINTS = 32;
/** How long a leader address that led nowhere is not tried again. */
const UNREACHABLE_MS = 300_000;

/**
 * Finds and follows metasrv's leader over several endpoints. Reads go to the leader where it is known and to any live metasrv
 * otherwise: followers read the same store, and pass questions about leases on to the leader
 * (GreptimeDB src/meta-srv/src/cluster.rs at v0.7.2).
 */
export class MetasrvSession {
  readonly caller: Caller;
  /** As configured, but the one that last acted as the leader first. */
  #endpoints: readonly Endpoint[];
  readonly #allowedHosts: readonly string[];
  readonly #onWarning: WarningListener | undefined;
  #discovery: Discovery | undefined;
  #discovering: { readonly signal: AbortSignal; readonly round: Promise<Discovery> } | undefined;
  /** Leader addresses that led nowhere from here, and when that was found. */
  readonly #unreachable = new Map<string, number>();
  /** Leader addresses that must not be followed. */
  readonly #refused = new Set<string>();

  constructor(
    { endpoints, allowedHosts = [] }: Pick<MetasrvOptions, 'endpoints' | 'allowedHosts'>,
    caller: Caller,
    onWarning?: WarningListener,
  ) {
    this.caller = caller;
    this.#endpoints = endpoints.slice(0, MAX_ENDPOINTS).map(parseEndpoint);
    this.#allowedHosts = allowedHosts;
    this.#onWarning = onWarning;
  }

  /** Asks all metasrvs who leads, unless that was done within the last `maxAgeMs`. Reads that share a signal share one round. */
  async discover(signal: AbortSignal, maxAgeMs = 0): Promise<Discovery> {
    const known = this.#discovery;
    if (known && this.caller.clock.monotonicMs() - known.atMs < maxAgeMs) return known;
    const running = this.#discovering;
    if (running?.signal === signal) return running.round;
    const round = this.#discover(signal).finally(() => {
      if (this.#discovering?.round === round) this.#discovering = undefined;
    });
    this.#discovering = { signal, round };
    this.#discovery = await round;
    return this.#discovery;
  }

  /**
   * One read. Tries the next metasrv when one does not answer as it should; errors that `isFinal` accepts, and a path that
   * is missing, are the answer.
   */
  async read<T>(
    call: Call,
    read: AnswerReader<T>,
    isFinal: (error: CallError) => boolean = () => false,
  ): Promise<T> {
    const { signal } = call;
    let discovery = this.#discovery ?? (await this.discover(signal));
    return readWithRetries(this.caller, {
      endpoints: async (failed) => {
        if (failed) discovery = await this.#rediscover(discovery, signal, failed);
        return discovery.alive;
      },
      attempt: (endpoint) => this.caller.call(endpoint, call, read),
      isFinal: (error) => error.failure === 'missing' || isFinal(error),
      who: 'metasrv',
      signal,
    });
  }

  /** Servers to submit to, the leader first. Only the leader accepts, so that trying the next after its refusal is safe. */
  submitOrder({ alive }: Discovery): readonly Endpoint[] {
    return uniqueEndpoints([...alive, ...this.#endpoints]);
  }

  /** Notes that a server acted as the leader, whose address may not resolve from here. */
  learnLeader(endpoint: Endpoint): void {
    const isFirst = (other: Endpoint): number => Number(other === endpoint);
    this.#endpoints = this.#endpoints.toSorted((a, b) => isFirst(b) - isFirst(a));
    if (this.#discovery)
      this.#discovery = {
        ...this.#discovery,
        alive: uniqueEndpoints([endpoint, ...this.#discovery.alive]),
      };
  }

  /** Forgets who leads: the next read asks anew. */
  forget(): void {
    this.#discovery = undefined;
  }

  async #rediscover(stale: Discovery, signal: AbortSignal, failed: CallError): Promise<Discovery> {
    try {
      // Of many reads that fail together only the first starts a new round.
      if (this.#discovery !== stale && this.#discovery) return this.#discovery;
      return await this.discover(signal);
    } catch (error) {
      if (error instanceof OperatingError) throw failed;
      throw error;
    }
  }

  async #discover(signal: AbortSignal): Promise<Discovery> {
    const stop = new AbortController();
    const over = Promise.withResolvers<undefined>();
    const round: Round = {
      answers: new Map(),
      errors: [],
      followed: new Set(),
      leaderRefusal: undefined,
      signal: AbortSignal.any([signal, stop.signal]),
      onAnswer: () => {
        if (this.#leaderIn(round, this.#endpoints.length === 1)) over.resolve(undefined);
        else sleep(this.caller.clock, GRACE_MS, round.signal).then(() => over.resolve(undefined), ignore);
      },
    };
    Promise.all(this.#endpoints.map((endpoint) => this.#askConfigured(endpoint, round))).then(
      () => over.resolve(undefined),
      over.reject,
    );
    try {
      await over.promise;
    } finally {
      stop.abort();
    }
    signal.throwIfAborted();
    return this.#conclude(round);
  }

  #conclude(round: Round): Discovery {
    const atMs = this.caller.clock.monotonicMs();
    const answered = [...round.answers.keys()];
    const labels = new Set(answered.map(({ label }) => label));
    for (const label of round.followed) if (!labels.has(label)) this.#unreachable.set(label, atMs);
    if (answered.length === 0)
      throw new OperatingError(
        'cluster-unreachable',
        `No metasrv answered. ${round.errors.map(({ message }) => message).join('; ')}`,
        { cause: round.errors[0] },
      );
    const leader = this.#leaderIn(round, true);
    const configured = this.#endpoints.filter((endpoint) => round.answers.has(endpoint));
    const alive = uniqueEndpoints([...(leader ? [leader] : []), ...configured]);
    return { alive, leaderRefusal: round.leaderRefusal, atMs };
  }

  async #askConfigured(endpoint: Endpoint, round: Round): Promise<void> {
    const answer = await this.#ask(endpoint, round);
    if (!answer) return;
    round.answers.set(endpoint, answer);
    round.onAnswer();
    // What a server says that was itself only named by another is not followed.
    const named = answer.kind === 'names' ? this.#unknownLeader(endpoint, answer.address, round) : undefined;
    if (!named || round.followed.has(named.label)) return;
    round.followed.add(named.label);
    const its = await this.#ask(named, round);
    if (!its || !namesItself(named, its)) return;
    round.answers.set(named, its);
    round.onAnswer();
  }

  async #ask(endpoint: Endpoint, { signal, errors }: Round): Promise<LeaderAnswer | undefined> {
    const call = adminCall('leader', '/admin/leader', { signal });
    try {
      return await readWithRetries(this.caller, {
        endpoints: () => [endpoint],
        attempt: () => this.caller.call(endpoint, call, readLeader),
        isFinal: ({ failure }) => failure === 'missing',
        who: 'metasrv',
        signal,
      });
    } catch (error) {
      errors.push(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  /** The leader's own address, when it is none of the configured ones and may lead to the same server from here. */
  #unknownLeader(from: Endpoint, address: string, round: Round): Endpoint | undefined {
    const sibling = siblingEndpoint(from, address);
    if (!sibling || this.#endpoints.some(({ hostPort }) => hostPort === sibling.hostPort)) return undefined;
    const failedAtMs = this.#unreachable.get(sibling.label) ?? -Infinity;
    if (this.caller.clock.monotonicMs() - failedAtMs <= UNREACHABLE_MS) return undefined;
    // A loopback address means the leader's own machine, and something else on ours.
    if (isLoopback(sibling)) return isLoopback(from) ? sibling : undefined;
    const error = leaderRefusal(sibling, from, {
      endpoints: this.#endpoints,
      allowedHosts: this.#allowedHosts,
    });
    if (!error) return sibling;
    if (!this.#refused.has(address))
      this.#onWarning?.('The leader of metasrv is not asked itself', { error });
    this.#refused.add(address);
    round.leaderRefusal = error;
    return undefined;
  }

  /**
   * A server that names itself as the leader; or, with `alone`, one that needs no election: such a server would be a stranger
   * among others that do elect.
   */
  #leaderIn({ answers }: Round, alone: boolean): Endpoint | undefined {
    const answered = [...answers];
    const own = answered.find(
      ([endpoint, answer]) => answer.kind === 'names' && namesItself(endpoint, answer),
    );
    if (own) return own[0];
    return alone ? answered.find(([, answer]) => answer.kind === 'self')?.[0] : undefined;
  }
}

function ignore(): void {
  // The round is over before its grace.
}

function namesItself(endpoint: Endpoint, answer: LeaderAnswer): boolean {
  if (answer.kind === 'self') return true;
  return answer.kind === 'names' && siblingEndpoint(endpoint, answer.address)?.hostPort === endpoint.hostPort;
}

function isLoopback(endpoint: Endpoint): boolean {
  return /^(?:localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0):/.test(endpoint.hostPort);
}

function uniqueEndpoints(endpoints: readonly Endpoint[]): Endpoint[] {
  return [...new Map(endpoints.map((endpoint) => [endpoint.label, endpoint])).values()];
}
