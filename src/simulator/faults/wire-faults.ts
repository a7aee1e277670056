import { sleep } from '../../lib/clock.ts';
import type { ClusterCore } from '../cluster/core.ts';
import { JSON_TYPE, respond, SimulatedNetworkError } from '../serve/http.ts';
import type { SimExchange, SimRequest, SimResponse } from '../serve/http.ts';
import type { WireFault } from './faults.ts';
import type { Operation } from '../cluster/journal.ts';

type Scope = 'submit' | 'read';

const HTML = '<!DOCTYPE html><html><head><title>Bad Gateway</title></head><body><h1>502</h1></body></html>';
const HANG_LIMIT_MS = 600_000;
const SLOW_BODY_MS = 30_000;
const MAX_LATENCY_MS = 2_000;

/** The operation that a request asks for, if it asks for a change. */
function operationOf(request: SimRequest): Operation | null {
  const { path, method, query = '', body = '' } = request;
  if (path === '/v1/sql') return /migrate_region/i.test(`${query}&${body}`) ? 'migrate-region' : null;
  if (path === '/admin/region-migration') return 'migrate-region';
  if (/^\/admin\/maintenance\/(?:set|enable|disable)$/.test(path)) return 'maintenance';
  if (path === '/admin/maintenance' && method !== 'GET') return 'maintenance';
  return /^\/admin\/procedure-manager\/(?:pause|resume)$/.test(path) ? 'procedure-manager' : null;
}

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
  const operation = operationOf(request);
  const scope: Scope = operation === null ? 'read' : 'submit';
  const strikes = (name: WireFault): boolean => {
    const isStruck = core.faults.strikes(name, scope);
    if (isStruck) core.journal.record({ kind: 'fault', name, target: request.target });
    return isStruck;
  };
  if (strikes('latency')) await sleep(core.clock, 20 + core.prng.int(MAX_LATENCY_MS), signal());
  const early = await beforeExecution(core, strikes, signal);
  if (early) {
    if (operation !== null) tellLost(core, request, operation);
    if (early instanceof Error) throw early;
    return { ...early, bodyDelayMs: 0 };
  }
  const response = execute();
  if (strikes('lost-answer'))
    throw new SimulatedNetworkError(
      'ECONNRESET',
      `Connection to ${request.target} was reset before its answer`,
    );
  const spoilt = spoil(core, strikes, response);
  return { ...spoilt, bodyDelayMs: strikes('slow-body') ? SLOW_BODY_MS : 0 };
}

/** Faults that keep the request from being executed. */
async function beforeExecution(
  core: ClusterCore,
  strikes: (name: WireFault) => boolean,
  signal: () => AbortSignal,
): Promise<SimResponse | SimulatedNetworkError | null> {
  if (strikes('hang')) {
    await sleep(core.clock, HANG_LIMIT_MS, signal());
    return new SimulatedNetworkError('ECONNRESET', 'Connection was reset after a long silence');
  }
  if (strikes('lost-request')) return new SimulatedNetworkError('ECONNRESET', 'Connection was reset');
  if (strikes('http-500')) return respond(500, 'Internal Server Error', { 'content-type': 'text/plain' });
  if (strikes('http-502')) return respond(502, HTML, { 'content-type': 'text/html' });
  if (strikes('http-503')) return respond(503, '', { 'content-type': 'text/plain' });
  if (strikes('html-body')) return respond(200, HTML, { 'content-type': 'text/html' });
  if (strikes('redirect')) return respond(302, '', { location: 'http://127.0.0.1:9/elsewhere' });
  return null;
}

/** Faults that spoil the answer of an executed request. */
function spoil(core: ClusterCore, strikes: (name: WireFault) => boolean, response: SimResponse): SimResponse {
  if (strikes('truncated-json'))
    return { ...response, body: response.body.slice(0, response.body.length / 2) };
  if (strikes('huge-body'))
    return { ...response, headers: JSON_TYPE, body: `[${' '.repeat(core.hugeBodyBytes)}` };
  if (strikes('wrong-types')) return { ...response, body: withWrongTypes(response.body) };
  return response;
}

/** JSON that parses but where numbers are texts, texts are numbers and nulls are objects; keys stay. */
function withWrongTypes(body: string): string {
  try {
    return JSON.stringify(distort(JSON.parse(body)));
  } catch {
    return '{"unexpected":[1,2,3]}';
  }
}

function distort(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(distort);
  if (value === null) return {};
  if (typeof value === 'number') return 'not a number';
  if (typeof value === 'string') return 7;
  if (typeof value === 'boolean') return [];
  if (typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, distort(inner)]));
}

function tellLost(core: ClusterCore, request: SimRequest, operation: Operation): void {
  core.journal.record({
    kind: 'mutating-request',
    target: request.target,
    operation,
    detail: request.query ?? '',
    verdict: 'lost',
  });
}
