import { describeEvent, isoTime } from './event-view.ts';
import type { EventSource, EventType, StampedEvent } from './events.ts';

/** An event as it goes over the wire: small, whatever the size of the snapshot or plan that it tells of. */
export interface EventView {
  readonly id: number;
  readonly type: EventType;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

function toEventView(event: StampedEvent): EventView {
  const { message, fields } = describeEvent(event);
  return { id: event.id, type: event.type, at: isoTime(event.atMs), message, data: fields };
}

/** The latest events, so that a listener which lost its connection can go on where it stopped. */
export interface EventHistory {
  /** The id of the latest event, 0 before the first. */
  latestId(): number;
  /**
   * The events after `id`, the oldest first, or undefined when some of them are no longer kept (or `id` was never given out):
   * then the listener has to read everything afresh.
   */
  since(id: number): readonly EventView[] | undefined;
  /** Tells of each event from now on, once it is kept. The returned function unsubscribes. */
  subscribe(listener: (event: EventView) => void): () => void;
  close(): void;
}

/** Keeps the latest `capacity` events (default 1 000). */
export function createEventHistory(
  options: { readonly capacity?: number },
  dependencies: { readonly events: EventSource },
): EventHistory {
  const capacity = options.capacity ?? 1_000;
  const listeners = new Set<(event: EventView) => void>();
  const ring: EventView[] = [];
  let latestId = 0;
  const close = dependencies.events.subscribe((event) => {
    const view = toEventView(event);
    ring.push(view);
    if (ring.length > capacity) ring.shift();
    latestId = view.id;
    for (const listener of listeners) listener(view);
  });
  return {
    latestId: () => latestId,
    since(id) {
      if (id === latestId) return [];
      const oldest = ring[0];
      if (!oldest || id > latestId || id < oldest.id - 1) return undefined;
      return ring.filter((event) => event.id > id);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close,
  };
}
