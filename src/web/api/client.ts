import type { z } from 'zod';
import type { Explanation } from '../../domain/explanation.ts';
import type {
  AuditView,
  historySchema,
  MatrixView,
  quarantineSchema,
  QueueView,
  RegionsView,
  SeriesView,
  StatusView,
} from '../../server/api/answers.ts';

/** What each path answers. The server is of the same release, so that its answers are believed to have their types. */
export interface Answers {
  readonly '/api/v1/status': StatusView;
  readonly '/api/v1/matrix': MatrixView;
  readonly '/api/v1/regions': RegionsView;
  readonly '/api/v1/queue': QueueView;
  readonly '/api/v1/series': SeriesView;
  readonly '/api/v1/audit': AuditView;
  readonly '/api/v1/history': z.infer<typeof historySchema>;
  readonly '/api/v1/quarantine': z.infer<typeof quarantineSchema>;
  readonly [path: `/api/v1/explain/${string}`]: Explanation;
}

export class ApiError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const TOKEN_KEY = 'greptime-rebalancer.token';

/** Kept as long as the tab lives, and never sent elsewhere. */
export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(TOKEN_KEY);
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export async function get<Path extends keyof Answers>(
  path: Path,
  query: Query = {},
  signal?: AbortSignal,
): Promise<Answers[Path]> {
  const answer = await send(pathWith(path, query), { ...(signal && { signal }) });
  return (await answer.json()) as Answers[Path];
}

export async function post<Answer>(path: string, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  const answer = await send(path, { method: 'POST', body: JSON.stringify(body), headers });
  return (await answer.json()) as Answer;
}

function pathWith(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  if (given.length === 0) return path;
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}

/** Rejects with an {@link ApiError} unless the answer is a good one. */
export async function send(path: string, init: RequestInit): Promise<Response> {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const headers = new Headers(init.headers);
  if (token !== null) headers.set('authorization', `Bearer ${token}`);
  let answer: Response;
  try {
    answer = await fetch(path, { ...init, headers });
  } catch (cause) {
    if (init.signal?.aborted === true) throw cause;
    throw new ApiError(0, 'The rebalancer does not answer.');
  }
  if (answer.ok) return answer;
  throw await toError(answer);
}

async function toError(answer: Response): Promise<ApiError> {
  try {
    const { error } = (await answer.json()) as { error: { message: string } };
    return new ApiError(answer.status, error.message);
  } catch {
    return new ApiError(answer.status, `The rebalancer answered with status ${answer.status}.`);
  }
}
