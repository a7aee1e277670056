import type { FastifyInstance } from 'fastify';
import { listenUrl } from '../../lib/listen-address.ts';
import type { ListenAddress } from '../../lib/listen-address.ts';
import { listenError } from '../../domain/listen-error.ts';

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
  return { url: listenUrl({ host, port }, scheme), port };
}
