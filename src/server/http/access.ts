import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import type { Secret } from '../../lib/secret.ts';
import { HttpError } from './errors.ts';
import { createRateLimiter } from './rate-limit.ts';
import type { RateLimiter } from './rate-limit.ts';

/** Who may ask: everybody (probes and the page, which hold no data), readers, or those who may act. */
export type AccessLevel = 'open' | 'read' | 'act';

export interface AccessOptions {
  readonly token: Secret | undefined;
  readonly protectReads: boolean;
  /** Where the server listens. */
  readonly host: string;
  /** Names besides that one under which it is asked: those of proxies and services. */
  readonly allowedHosts: readonly string[];
}

export interface Access {
  /** Whether the request was meant for this server, by each `Host` header that it has. */
  readonly checkHost: (headers: NodeJS.Dict<string[]>) => void;
  /** Whether who asks may do so. */
  readonly checkRights: (request: AccessRequest, level: AccessLevel) => void;
}

interface AccessRequest {
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
 * @returns functions that throw the HttpError to answer with when the request is refused.
 */
export function createAccess(options: AccessOptions, dependencies: { readonly clock: Clock }): Access {
  const failures = createRateLimiter(FAILURES, dependencies);
  const actions = createRateLimiter(ACTIONS, dependencies);
  const { token } = options;

  return {
    checkHost: hostCheck(options),
    checkRights(request, level) {
      if (level === 'open') return;
      if (!token) checkWithoutToken(options, request, level);
      else if (level === 'act' || options.protectReads) checkToken(token, request, failures);
      if (level === 'act') checkRate(actions, request, 'Too many actions from this address');
    },
  };
}

/**
 * Refuses a name that is none of this server's, with and without a token: a page may have given its own name the address of this server
 * (DNS rebinding), and would read what it answers. Where the server listens on every address, any address will do: no page can give
 * itself one.
 */
function hostCheck({ host, allowedHosts }: AccessOptions): Access['checkHost'] {
  const own = new Set([host, ...allowedHosts].map((name) => hostNameOf(isIPv6(name) ? `[${name}]` : name)));
  const anyAddress = host === '0.0.0.0' || host === '::';
  return ({ host: hosts = [] }) => {
    const name = hosts.length === 1 ? hostNameOf(hosts[0]) : undefined;
    if (name !== undefined && (own.has(name) || isLoopback(name) || (anyAddress && isIP(name) !== 0))) return;
    throw new HttpError(
      403,
      'foreign-host',
      `The Host header is ${JSON.stringify(hosts.join(', '))}, which is no name of this server; server.allowedHosts may add it.`,
    );
  };
}

/** Hashed, so that comparing takes equally long whatever was sent, its length included. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Only failures are limited: behind a proxy all clients have one address, and one with an old token must not lock out the others. */
function checkToken(token: Secret, request: AccessRequest, failures: RateLimiter): void {
  const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1];
  if (given === undefined)
    throw unauthorized('This request needs the header Authorization: Bearer TOKEN (see server.tokenFile).');
  if (timingSafeEqual(digest(given), digest(token.reveal()))) return;
  checkRate(failures, request, 'Too many wrong tokens from this address');
  throw unauthorized('The token is not the one of server.tokenFile.');
}

/** Without a token only the machine itself may act, and no web page of another origin that somebody on this machine looks at. */
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
  if (level === 'act') checkOwnOrigin(request.headers);
}

function checkOwnOrigin(headers: IncomingHttpHeaders): void {
  const { origin } = headers;
  const crossSite = headers['sec-fetch-site'] === 'cross-site' || headers['sec-fetch-site'] === 'same-site';
  if (!crossSite && (origin === undefined || URL.parse(origin)?.host === headers.host)) return;
  throw new HttpError(403, 'foreign-origin', 'Without a token no page of another origin may act.');
}

/** The host of a `Host` header in its one usual spelling, IPv6 without brackets; undefined where that is none. */
function hostNameOf(hostHeader = ''): string | undefined {
  // As a part of a URL it could have a user name, a path and more.
  if (/[\s@/?#\\]/.test(hostHeader)) return undefined;
  const name = URL.parse(`http://${hostHeader}`)?.hostname;
  return name?.replace(/^\[(.*)\]$/, '$1');
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether an address (IPv6 with or without brackets) or a name is this machine alone. */
function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (bare === 'localhost') return true;
  const family = isIP(bare);
  return family !== 0 && LOOPBACK.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}

function checkRate(limiter: RateLimiter, request: AccessRequest, what: string): void {
  const waitMs = limiter(request.remoteAddress);
  if (waitMs === 0) return;
  const seconds = Math.ceil(waitMs / 1_000);
  throw new HttpError(429, 'too-many-requests', `${what}: try again in ${seconds} s.`, {
    'retry-after': String(seconds),
  });
}

function unauthorized(message: string): HttpError {
  return new HttpError(401, 'unauthorized', message, {
    'www-authenticate': 'Bearer realm="greptime-rebalancer"',
  });
}
