import { formatListenAddress } from '../lib/listen-address.ts';
import type { ListenAddress } from '../lib/listen-address.ts';
import { OperatingError } from './errors.ts';

const WANTED: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process listens there; choose another port with server.listen or --port',
  EADDRNOTAVAIL: 'this machine has no such address; use one of its own, 0.0.0.0 or ::',
  EACCES: 'this process may not use that port; choose one of 1024 or above',
  ENOTFOUND: 'the name does not resolve to an address',
  EAI_AGAIN: 'the name does not resolve to an address now',
};

/** Why a server cannot listen: `address-in-use` when the port is taken, else `listen-failed`. */
export function listenError(address: ListenAddress, cause: unknown): OperatingError {
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const why = WANTED[errno] ?? (cause instanceof Error ? cause.message : 'unknown error');
  const code = errno === 'EADDRINUSE' ? 'address-in-use' : 'listen-failed';
  return new OperatingError(code, `Cannot listen on ${formatListenAddress(address)}: ${why}`, { cause });
}
