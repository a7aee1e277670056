/** One HTTP exchange with a simulated server, without sockets. */
export interface SimRequest {
  /** `metasrv-0` (its :3002-style port), `metasrv-0-http` (its :4000-style port), `frontend-1`. */
  readonly target: string;
  readonly method: string;
  readonly path: string;
  /** Raw query string without the question mark. */
  readonly query?: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface SimResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer whose body the server takes its time to send. */
export interface SimExchange extends SimResponse {
  readonly bodyDelayMs: number;
}

/** The connection failed, as a client sees it. `code` is Node's: `ECONNREFUSED`, `ECONNRESET`, `ENOTFOUND`. */
export class SimulatedNetworkError extends Error {
  readonly code: 'ECONNREFUSED' | 'ECONNRESET' | 'ENOTFOUND';

  constructor(code: SimulatedNetworkError['code'], message: string) {
    super(message);
    this.name = 'SimulatedNetworkError';
    this.code = code;
  }
}

export function respond(status: number, body: string, headers: Record<string, string> = {}): SimResponse {
  return { status, headers, body };
}

export const JSON_TYPE = { 'content-type': 'application/json' } as const;
export const TEXT_TYPE = { 'content-type': 'text/plain; charset=utf-8' } as const;

/** JSON with bigint written bare, as u64 ids are. */
export function toJson(value: unknown): string {
  if (typeof value === 'bigint' || typeof value === 'number') return String(value);
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, field]) => `${JSON.stringify(name)}:${toJson(field)}`);
  return `{${fields.join(',')}}`;
}
