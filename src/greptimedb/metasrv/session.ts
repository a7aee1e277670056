import { OperatingError } from '../../domain/errors.ts';
import { sleep } from '../../lib/clock.ts';
import type { AnswerReader, Call, CallError, Caller } from '../caller.ts';
import { parseEndpoint, siblingEndpoint } from '../endpoint.ts';
import type { Endpoint } from '../endpoint.ts';
import type { MetasrvOptions, WarningListener } from '../options.ts';
import { readWithRetries } from '../retry.ts';
import { adminCall, readLeader } from './admin.ts';
import type { LeaderAnswer } from './admin.ts';
import { leaderRefusal } from './leader-address.ts';
import type { LeaderRules } from './leader-address.ts';

/** What we know of the metasrvs after asking all of them who leads. */
interface Discovery {
  /** Known to be the leader, because it names itself. */
  readonly leader: Endpoint | undefined;
  /** How the metasrvs call their leader, where it could not be matched to a server that we reach. */
  readonly leaderAddress: string | undefined;
  /** Servers that answered as metasrvs do, the most likely leader first. */
  readonly alive: readonly Endpoint[];
  readonly atMs: number;
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
  readonly #endpoints: readonly Endpoint[];
  readonly #caller: Caller;
  #discovery: Discovery | undefined;
  #discovering: { readonly signal: AbortSignal; readonly round: Promise<Discovery> } | undefined;
  /** Leader addresses that do not resolve from here, and the endpoint that turned out to be that leader. */
  readonly #learned = new Map<string, Endpoint>();
  /** Leader addresses that led nowhere from here, and when that was found. */
  readonly #unreachable = new Map<string, number>();

  /** Leader addresses that must not be followed, and why. */
  readonly #refused = new Map<string, OperatingError>();
  readonly #allowedHosts: readonly string[];
  readonly #onWarning: WarningListener | undefined;

  constructor(
    { endpoints, allowedHosts = [] }: Pick<MetasrvOptions, 'endpoints' | 'allowedHosts'>,
    { caller, onWarning }: { readonly caller: Caller; readonly onWarning?: WarningListener | undefined },
  ) {
    this.#endpoints = endpoints.slice(0, MAX_ENDPOINTS).map(parseEndpoint);
    this.#allowedHosts = allowedHosts;
    this.#caller = caller;
    this.#onWarning = onWarning;
  }

  get caller(): Caller {
    return this.#caller;
  }

  /** Why the leader that was named last is not asked itself, if so. */
  get leaderRefusal(): OperatingError | undefined {
    return this.#refused.get(this.#discovery?.leaderAddress ?? '');
  }

  /** Asks all metasrvs who leads, unless that was done within the last `maxAgeMs`. Reads that share a signal share one round. */
  async discover(signal: AbortSignal, maxAgeMs = 0): Promise<Discovery> {
    const known = this.#discovery;
    if (known && this.#caller.clock.monotonicMs() - known.atMs < maxAgeMs) return known;
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
  async read<T>(call: Call, read: AnswerReader<T>, isFinal: (error: CallError) => boolean): Promise<T> {
    const { signal } = call;
    let discovery = this.#discovery ?? (await this.discover(signal));
    const result = await readWithRetries(this.#caller, {
      endpoints: async (failed) => {
        if (failed) discovery = await this.#rediscover(discovery, signal, failed);
        return discovery.alive;
      },
      attempt: (endpoint) => this.#caller.call(endpoint, call, read),
      isFinal: (error) => error.failure === 'missing' || isFinal(error),
      signal,
    });
    if ('value' in result) return result.value;
    throw result.failures[0] ?? new OperatingError('cluster-unreachable', 'No metasrv answered');
  }

  /** Servers to submit to, the leader first. Only the leader accepts, so that trying the next after its refusal is safe. */
  submitOrder(discovery: Discovery): readonly Endpoint[] {
    const order = discovery.leader ? [discovery.leader, ...discovery.alive] : [...discovery.alive];
    return uniqueEndpoints([...order, ...this.#endpoints]);
  }

  /** Notes that a server acted as the leader. */
  learnLeader(endpoint: Endpoint): void {
    if (!this.#discovery) return;
    const address = this.#discovery.leaderAddress;
    if (address !== undefined) this.#learned.set(address, endpoint);
    this.#discovery = { ...this.#discovery, leader: endpoint };
  }

  /** Forgets who leads: the next read asks anew. */
  forget(): void {
    this.#discovery = undefined;
    this.#learned.clear();
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
    const nowMs = this.#caller.clock.monotonicMs();
    for (const [label, atMs] of this.#unreachable)
      if (nowMs - atMs > UNREACHABLE_MS) this.#unreachable.delete(label);
    const round = new DiscoveryRound(
      { endpoints: this.#endpoints, allowedHosts: this.#allowedHosts },
      { caller: this.#caller, learned: this.#learned, unreachable: this.#unreachable },
    );
    await round.run(signal);
    for (const [address, error] of round.refused) {
      if (!this.#refused.has(address))
        this.#onWarning?.('The leader of metasrv is not asked itself', { error });
      this.#refused.set(address, error);
    }
    for (const label of round.unanswered()) this.#unreachable.set(label, nowMs);
    return round.conclude();
  }
}

interface DiscoveryDependencies {
  readonly caller: Caller;
  readonly learned: ReadonlyMap<string, Endpoint>;
  readonly unreachable: ReadonlyMap<string, unknown>;
}

interface Answered {
  readonly endpoint: Endpoint;
  readonly answer: LeaderAnswer;
}

/** One round of asking all metasrvs at once, so that dead and slow ones cost no time. */
class DiscoveryRound {
  readonly refused = new Map<string, OperatingError>();
  readonly #rules: LeaderRules;
  readonly #endpoints: readonly Endpoint[];
  readonly #caller: Caller;
  readonly #learned: ReadonlyMap<string, Endpoint>;
  readonly #unreachable: ReadonlyMap<string, unknown>;
  readonly #answers = new Map<string, Answered>();
  readonly #errors: Error[] = [];
  readonly #asked = new Set<string>();
  #leader: Endpoint | undefined;

  constructor(rules: LeaderRules, { caller, learned, unreachable }: DiscoveryDependencies) {
    this.#rules = rules;
    this.#endpoints = rules.endpoints;
    this.#caller = caller;
    this.#learned = learned;
    this.#unreachable = unreachable;
  }

  /** Labels of leader addresses that were not configured, were tried, and did not answer as that leader. */
  unanswered(): string[] {
    const configured = new Set(this.#endpoints.map(({ label }) => label));
    return [...this.#asked].filter((label) => !configured.has(label) && !this.#answers.has(label));
  }

  async run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const inner = AbortSignal.any([signal, stop.signal]);
    try {
      await new Promise<void>((resolve, reject) => {
        const onAnswer = (): void => {
          this.#leader = this.#findLeader(this.#endpoints.length === 1);
          if (this.#leader) resolve();
          else sleep(this.#caller.clock, GRACE_MS, inner).then(resolve, () => undefined);
        };
        const asks = this.#endpoints.map((endpoint) => this.#ask(endpoint, inner, onAnswer));
        Promise.all(asks).then(() => resolve(), reject);
      });
    } finally {
      stop.abort();
    }
    signal.throwIfAborted();
  }

  conclude(): Discovery {
    const answered = [...this.#answers.values()];
    if (answered.length === 0) throw this.#nobody();
    this.#leader ??= this.#findLeader(true);
    const named = answered.flatMap(({ answer }) => (answer.kind === 'names' ? [answer.address] : []));
    const leaderAddress = mostFrequent(named);
    const likely = (endpoint: Endpoint): number => likeness(endpoint, leaderAddress);
    const alive = answered.map(({ endpoint }) => endpoint).sort((a, b) => likely(b) - likely(a));
    return {
      leader: this.#leader,
      leaderAddress,
      alive: uniqueEndpoints(this.#leader ? [this.#leader, ...alive] : alive),
      atMs: this.#caller.clock.monotonicMs(),
    };
  }

  async #ask(endpoint: Endpoint, signal: AbortSignal, onAnswer: () => void): Promise<void> {
    if (this.#asked.has(endpoint.label)) return;
    this.#asked.add(endpoint.label);
    let answer: LeaderAnswer;
    try {
      const call = adminCall('leader', '/admin/leader', { signal });
      answer = await this.#askOne(endpoint, call);
    } catch (error) {
      this.#errors.push(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (!this.#isConfigured(endpoint) && !namesItself(endpoint, answer)) return;
    this.#answers.set(endpoint.label, { endpoint, answer });
    onAnswer();
    const elsewhere = this.#unknownLeader(endpoint, answer);
    if (elsewhere) await this.#ask(elsewhere, signal, onAnswer);
  }

  async #askOne(endpoint: Endpoint, call: Call): Promise<LeaderAnswer> {
    const result = await readWithRetries(this.#caller, {
      endpoints: () => [endpoint],
      attempt: () => this.#caller.call(endpoint, call, readLeader),
      isFinal: ({ failure }) => failure === 'missing',
      signal: call.signal,
    });
    if ('value' in result) return result.value;
    throw result.failures[0]!;
  }

  /** The leader's own address, when it is none of the configured ones and may lead to the same server from here. */
  #unknownLeader(from: Endpoint, answer: LeaderAnswer): Endpoint | undefined {
    if (answer.kind !== 'names' || this.#learned.has(answer.address)) return undefined;
    // What a server says that was itself only named by another is not followed.
    if (!this.#isConfigured(from)) return undefined;
    const sibling = siblingEndpoint(from, answer.address);
    if (!sibling || this.#unreachable.has(sibling.label)) return undefined;
    if (this.#endpoints.some((endpoint) => endpoint.hostPort === sibling.hostPort)) return undefined;
    // A loopback address means the leader's own machine, and something else on ours.
    if (isLoopback(sibling)) return isLoopback(from) ? sibling : undefined;
    const refusal = leaderRefusal(sibling, from, this.#rules);
    if (!refusal) return sibling;
    this.refused.set(answer.address, refusal);
    return undefined;
  }

  #isConfigured(endpoint: Endpoint): boolean {
    return this.#endpoints.includes(endpoint);
  }

  /**
   * A server that names itself as the leader; or, with `alone`, one that needs no election: such a server would be a stranger
   * among others that do elect.
   */
  #findLeader(alone: boolean): Endpoint | undefined {
    const answered = [...this.#answers.values()];
    const own = answered.find(
      ({ endpoint, answer }) => answer.kind === 'names' && namesItself(endpoint, answer),
    );
    if (own) return own.endpoint;
    for (const { answer } of answered) {
      const learned = answer.kind === 'names' ? this.#learned.get(answer.address) : undefined;
      if (learned && this.#answers.has(learned.label)) return learned;
    }
    return alone ? answered.find(({ answer }) => answer.kind === 'self')?.endpoint : undefined;
  }

  #nobody(): OperatingError {
    const found = this.#errors.map((error) => error.message).join('; ');
    return new OperatingError('cluster-unreachable', `No metasrv answered. ${found}`, {
      cause: this.#errors[0],
    });
  }
}

function namesItself(endpoint: Endpoint, answer: LeaderAnswer): boolean {
  if (answer.kind === 'self') return true;
  return answer.kind === 'names' && siblingEndpoint(endpoint, answer.address)?.hostPort === endpoint.hostPort;
}

function isLoopback(endpoint: Endpoint): boolean {
  return /^(?:localhost|127\.[\d.]+|\[::1\]|0\.0\.0\.0):/.test(endpoint.hostPort);
}

/** How much an endpoint looks like an address: pods are often reached by a shorter name than the one they give themselves. */
function likeness(endpoint: Endpoint, address: string | undefined): number {
  const other = address === undefined ? undefined : siblingEndpoint(endpoint, address);
  if (!other) return 0;
  if (other.hostPort === endpoint.hostPort) return 3;
  const label = (hostPort: string): string => hostPort.split(/[.:]/, 1)[0]!;
  if (/^[a-z]/.test(other.hostPort) && label(other.hostPort) === label(endpoint.hostPort)) return 2;
  return other.hostPort.split(':').at(-1) === endpoint.hostPort.split(':').at(-1) ? 1 : 0;
}

function mostFrequent(texts: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

function uniqueEndpoints(endpoints: readonly Endpoint[]): Endpoint[] {
  return [...new Map(endpoints.map((endpoint) => [endpoint.label, endpoint])).values()];
}
