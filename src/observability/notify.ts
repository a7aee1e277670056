import { escapeInvisible } from '../lib/invisible.ts';
import { deadlineSignal, sleep } from '../lib/clock.ts';
import type { Clock } from '../lib/clock.ts';
import type { Secret } from '../lib/secret.ts';
import { isoTime } from './event-view.ts';
import type { LiveSource } from './live-state.ts';
import type { NotificationOutcome } from './metric-definitions.ts';
import { notice, NOTHING_TOLD } from './notices.ts';
import type { Notice, NoticeKind } from './notices.ts';

export interface NotifierOptions {
  readonly url: Secret;
  readonly format: 'generic' | 'slack';
  readonly kinds: readonly NoticeKind[];
  /** For the header Authorization. */
  readonly token?: Secret | undefined;
  /** Of one attempt. */
  readonly timeoutMs: number;
  /** Name of the cluster, in each message. */
  readonly cluster: string;
  readonly version: string;
  /** Messages that may wait; more are dropped. Default 100. */
  readonly maxWaiting?: number;
}

export interface NotifierDependencies {
  readonly live: LiveSource;
  readonly clock: Clock;
  readonly onOutcome: (outcome: NotificationOutcome) => void;
  /** Told of what could not be delivered. Never the URL, which may be a secret. */
  readonly onProblem: (problem: string, lost: Notice) => void;
  /** Default: the one of Node. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Pauses between the attempts: a receiver that restarts gets its message. */
const RETRY_AFTER_MS = [1_000, 5_000, 30_000, 120_000] as const;

/**
 * Posts to a webhook what the events tell. Nothing waits for it: a message is queued and sent one after the other in the background, and
 * a receiver that hangs costs nothing but messages.
 *
 * @returns a function that ends it, at once; what still waits is not sent.
 */
export function startNotifier(options: NotifierOptions, dependencies: NotifierDependencies): () => void {
  const { live, onOutcome, onProblem } = dependencies;
  const { kinds, maxWaiting = 100 } = options;
  const stopping = new AbortController();
  const waiting: Notice[] = [];
  let isSending = false;
  // An earlier process told of the rebalance that it began.
  let told = { ...NOTHING_TOLD, hasBegun: live.state().rebalance?.isRunning ?? false };

  async function sendAll(): Promise<void> {
    isSending = true;
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const problem = await deliver(next, options, dependencies, stopping.signal);
      if (stopping.signal.aborted) return;
      onOutcome(problem === undefined ? 'delivered' : 'failed');
      if (problem !== undefined) onProblem(problem, next);
    }
    isSending = false;
  }

  const unsubscribe = live.subscribe((event, state) => {
    const [next, found] = notice(told, event, state);
    told = next;
    if (!found || !kinds.includes(found.kind)) return;
    if (waiting.length >= maxWaiting) {
      onOutcome('dropped');
      return;
    }
    waiting.push(found);
    if (!isSending) void sendAll();
  });
  return () => {
    unsubscribe();
    stopping.abort(new DOMException('The notifier was told to stop', 'AbortError'));
  };
}

/** @returns why it could not be delivered, or undefined. Never rejects. */
async function deliver(
  message: Notice,
  options: NotifierOptions,
  { clock, fetch = globalThis.fetch }: NotifierDependencies,
  signal: AbortSignal,
): Promise<string | undefined> {
  let problem = '';
  for (let attempt = 0; attempt <= RETRY_AFTER_MS.length; attempt += 1) {
    const result = await post(message, options, fetch, clock, signal);
    if (result === 'delivered') return undefined;
    problem = result.problem;
    const retryAfterMs = RETRY_AFTER_MS[attempt];
    if (!result.mayRetry || retryAfterMs === undefined || signal.aborted) break;
    await sleep(clock, retryAfterMs, signal).catch(() => undefined);
  }
  return problem;
}

type Attempt = 'delivered' | { readonly problem: string; readonly mayRetry: boolean };

async function post(
  message: Notice,
  options: NotifierOptions,
  fetch: typeof globalThis.fetch,
  clock: Clock,
  signal: AbortSignal,
): Promise<Attempt> {
  const deadline = deadlineSignal(clock, options.timeoutMs, signal);
  try {
    const answer = await fetch(options.url.reveal(), {
      method: 'POST',
      headers: headersOf(options),
      body: escapeInvisible(JSON.stringify(bodyOf(message, options))),
      redirect: 'error',
      signal: deadline.signal,
    });
    // The answer's body is of no interest, and must not hold the connection.
    await answer.body?.cancel();
    if (answer.ok) return 'delivered';
    const mayRetry = answer.status >= 500 || answer.status === 408 || answer.status === 429;
    return { problem: `The receiver answered with status ${answer.status}`, mayRetry };
  } catch {
    const problem = deadline.signal.aborted
      ? `No answer within ${options.timeoutMs} ms`
      : 'The receiver could not be reached';
    return { problem, mayRetry: true };
  } finally {
    deadline.release();
  }
}

function headersOf({ token, version }: NotifierOptions): Record<string, string> {
  return {
    'content-type': 'application/json',
    'user-agent': `greptime-rebalancer/${version}`,
    ...(token && { authorization: `Bearer ${token.reveal()}` }),
  };
}

const ICONS: Readonly<Record<NoticeKind, string>> = {
  started: ':arrows_counterclockwise:',
  finished: ':white_check_mark:',
  blocked: ':no_entry:',
  failed: ':x:',
  paused: ':double_vertical_bar:',
};

/** Texts hold names of tables and errors of the cluster: they are cut to what a chat shows. */
const MAX_TEXT = 1_000;

function bodyOf({ kind, atMs, text }: Notice, { format, cluster }: NotifierOptions): object {
  const shown = text.slice(0, MAX_TEXT);
  if (format === 'slack') return { text: `${ICONS[kind]} *${escaped(cluster)}*: ${escaped(shown)}` };
  return { event: kind, cluster, at: isoTime(atMs), text: shown };
}

/** The three characters that Slack gives a meaning; without this a table's name could call everybody. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
