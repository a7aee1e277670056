import type { FastifyInstance } from 'fastify';
import { OperatingError } from '../../domain/errors.ts';

export interface ListenAddress {
  /** An address or a name, IPv6 without brackets. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

const WANTED: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there; choose another port with server.listen or --port',
  EADDRNOTAVAIL: 'this machine has no such address; use one of its own, 0.0.0.0 or ::',
  EACCES: 'this process may not use that port; choose one of 1024 or above',
  ENOTFOUND: 'the name does not resolve to an address',
  EAI_AGAIN: 'the name does not resolve to an address now',
};

/**
 * Binds the server.
 *
 * @throws OperatingError `address-in-use` when the port is taken, else `listen-failed`.
 */
export async function listen(
  app: FastifyInstance,
  address: ListenAddress,
  scheme: 'http' | 'https',
): Promise<{ readonly url: string; readonly port: number }> {
  // As a name it would mean two sockets, of which only one is closed at once.
  const host = address.host === 'localhost' ? '127.0.0.1' : address.host;
  try {
    await app.listen({ host, port: address.port });
  } catch (cause) {
    throw listenError(address, cause);
  }
  const bound = app.server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
  return { url: `${scheme}://${inUrl(reachable(host))}:${port}`, port };
}

function listenError({ host, port }: ListenAddress, cause: unknown): OperatingError {
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const why = WANTED[errno] ?? (cause instanceof Error ? cause.message : 'unknown error');
  const code = errno === 'EADDRINUSE' ? 'address-in-use' : 'listen-failed';
  return new OperatingError(code, `Cannot listen on ${inUrl(host)}:${port}: ${why}`, { cause });
}

function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
