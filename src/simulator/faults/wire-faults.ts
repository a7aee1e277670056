import { sleep } from '../../lib/clock.ts';
import type { ClusterCore } from '../cluster/core.ts';
import type { Operation } from '../cluster/journal.ts';
import { JSON_TYPE, respond, SimulatedNetworkError } from '../serve/http.ts';
import type { SimExchange, SimRequest, SimResponse } from '../serve/http.ts';
import type { FaultOf } from './faults.ts';

const HTML = '<!DOCTYPE html><html><head><title>Bad Gateway</title></head><body><h1>502</h1></body></html>';
const HANG_LIMIT_MS = 600_000;
const SLOW_BODY_MS = 30_000;
const MAX_LATENCY_MS = 2_000;

/** What comes in place of an answer, and the request is not executed. */
const INSTEAD = [
  ['http-500', respond(500, 'Internal Server Error', { 'content-type': 'text/plain' })],
  ['http-502', respond(502, HTML, { 'content-type': 'text/html' })],
  ['http-503', respond(503, '', { 'content-type': 'text/plain' })],
  ['html-body', respond(200, HTML, { 'content-type': 'text/html' })],
  ['redirect', respond(302, '', { location: 'http://127.0.0.1:9/elsewhere' })],
] as const;

/** The operation that a request asks for, if it asks for a change. */
function operationOf(request: SimRequest): Operation | null {
  const { path, query = '', body = '' } = request;
  if (path === '/v1/sql') return /migrate_region/i.test(`${query}&${body}`) ? 'migrate-region' : null;
  if (path === '/admin/region-migration') return 'migrate-region';
  if (/^\/admin\/maintenance\/(?:enable|disable)$/.test(path)) return 'maintenance';
  return /^\/admin\/procedure-manager\/(?:pause|resume)$/.test(path) ? 'procedure-manager' : null;
}

type Strikes = (name: FaultOf<'wire'>) => boolean;

/**
 * Carries out a request behind the faults of the wire.
 *
 * @throws SimulatedNetworkError when the connection breaks, before or after the request was executed.
 */
export async function throughTheWire(
  core: ClusterCore,
  request: SimRequest,
  execute: () => SimResponse,
  signal: () => AbortSignal,
): Promise<SimExchange> {
  const { target, query: detail = '' } = request;
  const operation = operationOf(request);
  const strikes: Strikes = (name) => {
    const isStruck = core.faults.strikes(name, operation === null ? 'read' : 'submit');
    if (isStruck) core.journal.record({ kind: 'fault', name, target });
    return isStruck;
  };
  if (strikes('latency')) await sleep(core.clock, 20 + core.prng.int(MAX_LATENCY_MS), signal());
  const early = await beforeExecution(core, strikes, signal);
  if (early) {
    if (operation !== null)
      core.journal.record({ kind: 'mutating-request', target, operation, detail, verdict: 'lost' });
    if (early instanceof Error) throw early;
    return { ...early, bodyDelayMs: 0 };
  }
  const response = execute();
  if (strikes('lost-answer'))
    throw new SimulatedNetworkError('ECONNRESET', `Connection to ${target} was reset before its answer`);
  const spoilt = spoil(core, strikes, response);
  return { ...spoilt, bodyDelayMs: strikes('slow-body') ? SLOW_BODY_MS : 0 };
}

/** Faults that keep the request from being executed. */
async function beforeExecution(
  core: ClusterCore,
  strikes: Strikes,
  signal: () => AbortSignal,
): Promise<SimResponse | SimulatedNetworkError | undefined> {
  if (strikes('hang')) {
    await sleep(core.clock, HANG_LIMIT_MS, signal());
    return new SimulatedNetworkError('ECONNRESET', 'Connection was reset after a long silence');
  }
  if (strikes('lost-request')) return new SimulatedNetworkError('ECONNRESET', 'Connection was reset');
  return INSTEAD.find(([name]) => strikes(name))?.[1];
}

/** Faults that spoil the answer of an executed request. */
function spoil(core: ClusterCore, strikes: Strikes, response: SimResponse): SimResponse {
  const { body } = response;
  if (strikes('truncated-json')) return { ...response, body: body.slice(0, body.length / 2) };
  if (strikes('huge-body'))
    return { ...response, headers: JSON_TYPE, body: `[${' '.repeat(core.hugeBodyBytes)}` };
  return strikes('wrong-types') ? { ...response, body: withWrongTypes(body) } : response;
}

/** JSON that parses but where numbers are texts, texts are numbers and nulls are objects; keys stay. */
function withWrongTypes(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body, (_, value: unknown) => distort(value)));
  } catch {
    return '{"unexpected":[1,2,3]}';
  }
}

function distort(value: unknown): unknown {
  if (value === null) return {};
  if (typeof value === 'number') return 'not a number';
  if (typeof value === 'string') return 7;
  return typeof value === 'boolean' ? [] : value;
}
