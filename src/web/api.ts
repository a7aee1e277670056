/** The daemon's HTTP API as the page uses it. The server is of the same release, so that its answers are believed to have their types. */

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** An event of `GET /api/v1/events`. */
export interface StreamEvent {
  readonly type: string;
  readonly data: unknown;
}

const TOKEN_KEY = 'greptime-rebalancer.token';

export function readToken(): string | null {
  return sessionStorage.getItem(TOKEN_KEY);
}

/** Kept as long as the tab lives, and never sent elsewhere. */
export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(TOKEN_KEY);
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export async function get<Answer>(path: string, query: Query = {}, signal?: AbortSignal): Promise<Answer> {
  return ask<Answer>(pathWith(path, query), { ...(signal && { signal }) });
}

export async function post<Answer>(path: string, body: object): Promise<Answer> {
  return ask<Answer>(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
}

function pathWith(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}

async function ask<Answer>(path: string, init: RequestInit): Promise<Answer> {
  const answer = await send(path, init);
  return (await answer.json()) as Answer;
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const token = readToken();
  const headers = new Headers(init.headers);
  if (token !== null) headers.set('authorization', `Bearer ${token}`);
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, headers });
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause;
    throw new ApiError(0, 'unreachable', 'The rebalancer does not answer.');
  }
  if (answer.ok) return answer;
  throw await toError(answer);
}

async function toError(answer: Response): Promise<ApiError> {
  try {
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    return new ApiError(answer.status, error.code, error.message);
  } catch {
    return new ApiError(answer.status, 'unknown', `The rebalancer answered with status ${answer.status}.`);
  }
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
