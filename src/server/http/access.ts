import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../lib/clock.ts';
import { HttpError } from './errors.ts';
import { createRateLimiter } from './rate-limit.ts';
import type { RateLimiter } from './rate-limit.ts';

/** Who may ask: everybody (probes and the page, which hold no data), readers, or those who may act. */
export type AccessLevel = 'open' | 'read' | 'act';

export interface AccessOptions {
  readonly token: string | undefined;
  readonly protectReads: boolean;
  /** Where the server listens. */
  readonly host: string;
}

export interface AccessRequest {
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string;
}

/** Wrong tokens from one address: this many at once, then one every two seconds. */
const FAILURES = { burst: 20, refillMs: 2_000 };
/** Actions from one address. */
const ACTIONS = { burst: 100, refillMs: 100 };

/**
 * Decides about each request by the rules that docs/api.md tells.
 *
 * @returns a function that throws the HttpError to answer with when the request is refused.
 */
export function createAccess(
  options: AccessOptions,
  dependencies: { readonly clock: Clock },
): (request: AccessRequest, level: AccessLevel) => void {
  const failures = createRateLimiter(FAILURES, dependencies);
  const actions = createRateLimiter(ACTIONS, dependencies);
  const secret = options.token === undefined ? undefined : digest(options.token);

  return (request, level) => {
    if (level === 'open') return;
    if (secret === undefined) checkWithoutToken(options, request, level);
    else if (level === 'act' || options.protectReads) checkToken(secret, request, failures);
    if (level === 'act') checkRate(actions, request, 'Too many actions from this address');
  };
}

/** Hashed, so that comparing takes equally long whatever was sent, its length included. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Only failures are limited: behind a proxy all clients have one address, and one with an old token must not lock out the others. */
function checkToken(secret: Buffer, request: AccessRequest, failures: RateLimiter): void {
  const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (given === undefined)
    throw unauthorized('This request needs the header Authorization: Bearer TOKEN (see server.tokenFile).');
  if (timingSafeEqual(digest(given), secret)) return;
  checkRate(failures, request, 'Too many wrong tokens from this address');
  throw unauthorized('The token is not the one of server.tokenFile.');
}

/**
 * Without a token only the machine itself may act. A web page that somebody on this machine looks at must not: it could send
 * requests here from its own origin, or give its own name this address (DNS rebinding).
 */
function checkWithoutToken(options: AccessOptions, request: AccessRequest, level: 'read' | 'act'): void {
  if (options.protectReads && level === 'read')
    throw new HttpError(
      403,
      'no-token',
      'server.protectReads is true, but no server.tokenFile is configured.',
    );
  if (!isLoopback(options.host)) {
    if (level === 'read') return;
    throw new HttpError(
      403,
      'no-token',
      'Without a token only a server on a loopback address takes actions: configure server.tokenFile.',
    );
  }
  checkOwnName(request.headers);
  if (level === 'act') checkOwnOrigin(request.headers);
}

function checkOwnName(headers: IncomingHttpHeaders): void {
  if (isLoopback(hostNameOf(headers.host) ?? '')) return;
  throw new HttpError(
    403,
    'foreign-host',
    `The Host header is ${JSON.stringify(headers.host ?? '')}; without a token it must name a loopback address.`,
  );
}

function checkOwnOrigin(headers: IncomingHttpHeaders): void {
  const { origin } = headers;
  const crossSite = headers['sec-fetch-site'] === 'cross-site' || headers['sec-fetch-site'] === 'same-site';
  if (!crossSite && (origin === undefined || URL.parse(origin)?.host === headers.host)) return;
  throw new HttpError(403, 'foreign-origin', 'Without a token no page of another origin may act.');
}

function hostNameOf(hostHeader: string | undefined): string | undefined {
  return hostHeader === undefined ? undefined : URL.parse(`http://${hostHeader}`)?.hostname;
}

/** Whether an address or name is this machine alone. */
export function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  return bare === 'localhost' || bare === '::1' || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(bare);
}

function checkRate(limiter: RateLimiter, request: AccessRequest, what: string): void {
  const waitMs = limiter.take(request.remoteAddress);
  if (waitMs > 0) throw tooMany(what, waitMs);
}

function tooMany(what: string, waitMs: number): HttpError {
  const seconds = Math.ceil(waitMs / 1_000);
  return new HttpError(429, 'too-many-requests', `${what}: try again in ${seconds} s.`, {
    'retry-after': String(seconds),
  });
}

function unauthorized(message: string): HttpError {
  return new HttpError(401, 'unauthorized', message, {
    'www-authenticate': 'Bearer realm="greptime-rebalancer"',
  });
}
