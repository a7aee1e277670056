import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import * as vitest from 'vitest';
import type { TestContext } from 'vitest';

/** Listens on loopback until the test ends, and breaks the connections of HTTP then. Returns the port. */
export async function listenOn(
  server: Server & { closeAllConnections?: () => void },
  { onTestFinished }: Pick<TestContext, 'onTestFinished'> = vitest,
): Promise<number> {
  const port = await startListening(server);
  onTestFinished(() => {
    server.closeAllConnections?.();
    server.close();
  });
  return port;
}

/** A port on which nobody listens at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await startListening(server);
  server.close();
  await once(server, 'close');
  return port;
}

async function startListening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port');
  return address.port;
}
