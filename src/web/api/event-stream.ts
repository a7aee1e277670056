import { send } from './client.ts';

/** An event of `GET /api/v1/events`. */
export interface StreamEvent {
  readonly type: string;
  readonly data: unknown;
}

/** The server says every 15 s that it lives. A connection that says nothing for longer is dead, whatever the system thinks. */
const MAX_SILENCE_MS = 40_000;

/**
 * Follows the events until the connection ends. Not an EventSource, because that could not send a token.
 */
export async function followEvents(
  lastEventId: string | undefined,
  onEvent: (event: StreamEvent, id: string | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const answer = await send('/api/v1/events', { headers, signal });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  let waiting = '';
  for (;;) {
    const silence = setTimeout(() => void reader.cancel(), MAX_SILENCE_MS);
    const { done, value } = await reader.read();
    clearTimeout(silence);
    if (done) return;
    const frames = `${waiting}${value}`.split('\n\n');
    waiting = frames.pop() ?? '';
    for (const frame of frames) {
      const fields = fieldsOf(frame);
      if (fields.data !== undefined) onEvent(toEvent(fields), fields.id);
    }
  }
}

interface Fields {
  readonly id?: string;
  readonly event?: string;
  readonly data?: string;
}

function fieldsOf(frame: string): Fields {
  const pairs = frame.split('\n').map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')] as const;
  });
  return Object.fromEntries(pairs.filter(([name]) => name !== ''));
}

function toEvent({ event = 'message', data = '{}' }: Fields): StreamEvent {
  const view = JSON.parse(data) as { data?: unknown };
  return { type: event, data: view.data };
}
