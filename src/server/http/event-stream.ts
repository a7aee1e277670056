import type { ServerResponse } from 'node:http';
import type { Clock } from '../../lib/clock.ts';
import { escapeInvisible } from '../../lib/invisible.ts';
import { describeEvent, isoTime } from '../../observability/event-view.ts';
import type { StampedEvent } from '../../observability/events.ts';
import type { LiveSource, LiveState } from '../../observability/live-state.ts';

export interface EventStreamOptions {
  /** Names this life of the process in event ids, because they begin anew with each. */
  readonly epoch: string;
  /** Default 200. */
  readonly maxClients?: number;
  /** A client that lets more than this wait is dropped; it may come back and resume. Default 256 KiB. */
  readonly maxWaitingBytes?: number;
  /** The latest events are kept for clients that come back. Default 1 000. */
  readonly maxKept?: number;
  /** Default 15 s: below the idle limits of common proxies. */
  readonly heartbeatMs?: number;
}

/** What a stream needs of the response of a client. */
type StreamClient = Pick<
  ServerResponse,
  'writeHead' | 'write' | 'end' | 'destroy' | 'on' | 'once' | 'writableLength' | 'destroyed'
>;

/** An event as it goes over the wire: small, whatever the size of the snapshot or plan that it tells of. */
interface Frame {
  readonly id: number;
  readonly text: string;
}

/** How long a browser waits before it comes back. */
const RETRY_MS = 3_000;

/** Server-sent events for any number of clients up to a limit. */
export class EventStream {
  readonly #options: Required<EventStreamOptions>;
  readonly #clock: Clock;
  readonly #clients = new Set<StreamClient>();
  readonly #unsubscribe: () => void;
  /** The latest ones, the oldest first. */
  readonly #kept: Frame[] = [];
  #latestId = 0;
  #cancelHeartbeat: (() => void) | undefined;

  constructor(
    options: EventStreamOptions,
    { live, clock }: { readonly live: Pick<LiveSource, 'subscribe'>; readonly clock: Clock },
  ) {
    const defaults = { maxClients: 200, maxWaitingBytes: 262_144, maxKept: 1_000, heartbeatMs: 15_000 };
    this.#options = { ...defaults, ...options };
    this.#clock = clock;
    this.#unsubscribe = live.subscribe((event, state) => this.#tell(event, state));
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  isFull(): boolean {
    return this.#clients.size >= this.#options.maxClients;
  }

  /**
   * Sends headers and events over `response` until the client goes, is too slow, or the stream closes. `lastEventId` is the id
   * of the last event that the client saw: it gets those after it, or an event `reset` when they are no longer kept, which
   * means that it has to read everything afresh.
   */
  add(
    response: StreamClient,
    headers: Readonly<Record<string, string>>,
    lastEventId: string | undefined,
  ): void {
    if (response.destroyed) return;
    response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    response.on('error', () => this.#forget(response));
    response.once('close', () => this.#forget(response));
    response.write(this.#welcome(lastEventId));
    this.#clients.add(response);
    if (this.#clients.size === 1) this.#beatLater();
  }

  close(): void {
    this.#unsubscribe();
    this.#cancelHeartbeat?.();
    for (const client of this.#clients) client.end();
    this.#clients.clear();
  }

  #tell(event: StampedEvent, state: LiveState): void {
    const { id, type, atMs } = event;
    const { message, fields } = describeEvent(event, state);
    const name = this.#nameOf(id);
    const data = JSON.stringify({ id: name, type, at: isoTime(atMs), message, data: fields });
    const text = `id: ${name}\nevent: ${type}\ndata: ${escapeInvisible(data)}\n\n`;
    this.#latestId = id;
    this.#kept.push({ id, text });
    if (this.#kept.length > this.#options.maxKept) this.#kept.shift();
    this.#broadcast(text);
  }

  #broadcast(text: string): void {
    for (const client of this.#clients) {
      if (client.writableLength <= this.#options.maxWaitingBytes) {
        client.write(text);
      } else {
        this.#forget(client);
        client.destroy();
      }
    }
  }

  #forget(client: StreamClient): void {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#cancelHeartbeat?.();
  }

  #beatLater(): void {
    this.#cancelHeartbeat = this.#clock.setTimer(this.#options.heartbeatMs, () => {
      this.#broadcast(': alive\n\n');
      if (this.#clients.size > 0) this.#beatLater();
    });
  }

  /** The first words to a client: where it stands, then what it missed, unless that is more than it may let wait. */
  #welcome(lastEventId: string | undefined): string {
    const missed = lastEventId === undefined ? [] : this.#missedSince(lastEventId);
    const texts = missed?.map(({ text }) => text).join('');
    if (missed === undefined || texts === undefined || texts.length > this.#options.maxWaitingBytes / 2)
      return this.#greeting('reset', this.#latestId);
    // The id of the greeting is the one before what follows it, so that a connection cut here resumes right.
    const [first] = missed;
    return this.#greeting('hello', first === undefined ? this.#latestId : first.id - 1) + texts;
  }

  #greeting(name: 'hello' | 'reset', id: number): string {
    return `retry: ${RETRY_MS}\nevent: ${name}\nid: ${this.#nameOf(id)}\ndata: {"type":"${name}"}\n\n`;
  }

  /** Undefined when some of them are no longer kept, or the id was never given out. */
  #missedSince(lastEventId: string): readonly Frame[] | undefined {
    const [, epoch, digits] = /^(\w{1,32})-(\d{1,15})$/.exec(lastEventId) ?? [];
    const id = Number(digits);
    if (epoch !== this.#options.epoch || id > this.#latestId) return undefined;
    const missed = this.#kept.filter((frame) => frame.id > id);
    return missed.length === this.#latestId - id ? missed : undefined;
  }

  #nameOf(id: number): string {
    return `${this.#options.epoch}-${id}`;
  }
}
