import { isIPv4 } from 'node:net';
import { OperatingError } from '../../domain/errors.ts';
import type { Endpoint } from '../endpoint.ts';

/** Where an address that a metasrv gives for its leader may lead. */
export interface LeaderRules {
  readonly endpoints: readonly Endpoint[];
  /** `cluster.metasrv.allowedHosts`. Empty: hosts in the same domain or private network as the endpoints. */
  readonly allowedHosts: readonly string[];
}

/**
 * Why the leader's address is not followed, or undefined when it may be. A server that lies could send reads, migrations and a client
 * certificate anywhere otherwise. The rule is told in docs/security.md.
 *
 * @param from the configured endpoint that gave the address.
 */
export function leaderRefusal(
  leader: Endpoint,
  from: Endpoint,
  rules: LeaderRules,
): OperatingError | undefined {
  const refuse = (reason: string): OperatingError =>
    new OperatingError(
      'leader-refused',
      `${from.label} names ${leader.label} as the leader of metasrv: ${reason}`,
    );
  if (from.origin.startsWith('https:') && !leader.origin.startsWith('https:'))
    return refuse(
      'not followed, because it is http and the endpoint is https (see cluster.metasrv.endpoints)',
    );
  if (isAllowed(hostOf(leader), rules)) return undefined;
  return refuse('not followed, because the host is not one of cluster.metasrv.allowedHosts');
}

function isAllowed(host: string, { endpoints, allowedHosts }: LeaderRules): boolean {
  const own = endpoints.map(hostOf);
  if (own.includes(host)) return true;
  if (allowedHosts.length > 0) return allowedHosts.some((allowed) => plainHost(allowed) === host);
  return own.some((other) => isNeighbour(host, other));
}

/** Whether two hosts are in the same private network or domain, by what they are called. */
function isNeighbour(host: string, other: string): boolean {
  if (isPrivate(host) && isPrivate(other)) return true;
  if (isAddress(host) || isAddress(other)) return false;
  const domain = other.slice(other.indexOf('.') + 1);
  return host.endsWith(`.${other}`) || (domain.includes('.') && host.endsWith(`.${domain}`));
}

/** RFC 1918, RFC 6598 and unique local IPv6 addresses, and names that only a private network resolves. */
function isPrivate(host: string): boolean {
  return isAddress(host) ? PRIVATE_ADDRESS.test(host) : !host.includes('.') || PRIVATE_NAME.test(host);
}

const PRIVATE_ADDRESS =
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd][\da-f]{2}:)/;
const PRIVATE_NAME = /\.(?:svc|local|internal|lan|home\.arpa)$/;

function isAddress(host: string): boolean {
  return isIPv4(host) || host.includes(':');
}

function hostOf({ hostPort }: Endpoint): string {
  return plainHost(hostPort.slice(0, hostPort.lastIndexOf(':')));
}

/** Lower case, without the brackets of IPv6 and the dot of a full name. */
function plainHost(text: string): string {
  return text
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
