import { escapeInvisible } from '../../lib/invisible.ts';
import type { ServerResponse } from 'node:http';
import type { Clock } from '../../lib/clock.ts';
import type { EventHistory, EventView } from '../../observability/event-history.ts';

export interface EventStreamOptions {
  /** Names this life of the process in event ids, because they begin anew with each. */
  readonly epoch: string;
  /** Default 200. */
  readonly maxClients?: number;
  /** A client that lets more than this wait is dropped; it may come back and resume. Default 256 KiB. */
  readonly maxWaitingBytes?: number;
  /** Default 15 s: below the idle limits of common proxies. */
  readonly heartbeatMs?: number;
}

/** What a stream needs of the response of a client. */
type StreamClient = Pick<
  ServerResponse,
  'writeHead' | 'write' | 'end' | 'destroy' | 'on' | 'once' | 'writableLength' | 'destroyed'
>;

/** Server-sent events for any number of clients up to a limit. */
export interface EventStream {
  readonly clientCount: number;
  isFull(): boolean;
  /**
   * Sends headers and events over `response` until the client goes, is too slow, or the stream closes. `lastEventId` is the id
   * of the last event that the client saw: it gets those after it, or an event `reset` when they are no longer kept, which
   * means that it has to read everything afresh.
   */
  add(
    response: StreamClient,
    headers: Readonly<Record<string, string>>,
    lastEventId: string | undefined,
  ): void;
  close(): void;
}

/** How long a browser waits before it comes back. */
const RETRY_MS = 3_000;

export function createEventStream(
  options: EventStreamOptions,
  dependencies: { readonly history: EventHistory; readonly clock: Clock },
): EventStream {
  const { epoch, maxClients = 200, maxWaitingBytes = 262_144, heartbeatMs = 15_000 } = options;
  const { history, clock } = dependencies;
  const clients = new Set<StreamClient>();
  let cancelHeartbeat: (() => void) | undefined;

  function send(client: StreamClient, text: string): void {
    if (client.writableLength > maxWaitingBytes) drop(client);
    else client.write(text);
  }

  function broadcast(text: string): void {
    for (const client of clients) send(client, text);
  }

  function drop(client: StreamClient): void {
    forget(client);
    client.destroy();
  }

  function forget(client: StreamClient): void {
    clients.delete(client);
    if (clients.size === 0) cancelHeartbeat?.();
  }

  function beatLater(): void {
    cancelHeartbeat = clock.setTimer(heartbeatMs, () => {
      broadcast(': alive\n\n');
      if (clients.size > 0) beatLater();
    });
  }

  const unsubscribe = history.subscribe((event) => broadcast(frame(epoch, event)));

  return {
    get clientCount() {
      return clients.size;
    },
    isFull: () => clients.size >= maxClients,
    add(response, headers, lastEventId) {
      if (response.destroyed) return;
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
      response.on('error', () => forget(response));
      response.once('close', () => forget(response));
      response.write(welcome(epoch, history, lastEventId, maxWaitingBytes));
      clients.add(response);
      if (clients.size === 1) beatLater();
    },
    close() {
      unsubscribe();
      cancelHeartbeat?.();
      for (const client of clients) client.end();
      clients.clear();
    },
  };
}

/** The first words to a client: where it stands, then what it missed, unless that is more than it may let wait. */
function welcome(
  epoch: string,
  history: EventHistory,
  lastEventId: string | undefined,
  maxBytes: number,
): string {
  const missed = lastEventId === undefined ? [] : missedSince(epoch, history, lastEventId);
  const frames = missed?.map((event) => frame(epoch, event)).join('');
  if (missed === undefined || frames === undefined || frames.length > maxBytes / 2)
    return greeting('reset', epoch, history.latestId());
  // The id of the greeting is the one before what follows it, so that a connection cut here resumes right.
  const first = missed[0];
  return greeting('hello', epoch, first === undefined ? history.latestId() : first.id - 1) + frames;
}

function greeting(name: 'hello' | 'reset', epoch: string, id: number): string {
  return `retry: ${RETRY_MS}\nevent: ${name}\nid: ${epoch}-${id}\ndata: {"type":"${name}"}\n\n`;
}

function missedSince(
  epoch: string,
  history: EventHistory,
  lastEventId: string,
): readonly EventView[] | undefined {
  const [, givenEpoch, id] = /^(\w{1,32})-(\d{1,15})$/.exec(lastEventId) ?? [];
  return givenEpoch === epoch ? history.since(Number(id)) : undefined;
}

function frame(epoch: string, event: EventView): string {
  const { id, ...rest } = event;
  const data = escapeInvisible(JSON.stringify({ id: `${epoch}-${id}`, ...rest }));
  return `id: ${epoch}-${id}\nevent: ${event.type}\ndata: ${data}\n\n`;
}
