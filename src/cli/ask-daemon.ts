import type { AgentOptions } from 'node:https';
import type { Socket } from 'node:net';
import { OperatingError } from '../domain/errors.ts';

export interface DaemonRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** The certificate (PEM) that this very daemon shows: nothing else is trusted then, and its name does not matter. */
  readonly certificate?: string | undefined;
}

interface DaemonAnswer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** One request. Rejects when no answer comes, with an OperatingError `certificate-not-trusted` where that is why. */
export type AskDaemon = (url: string, request: DaemonRequest) => Promise<DaemonAnswer>;

/**
 * Asks the daemon itself: no redirect is followed, and no proxy of the environment (`http_proxy`) is asked, which would be given the token
 * and knows nothing of our loopback address.
 */
export const askDaemon: AskDaemon = (url, { certificate, body, ...options }) => {
  // An import would load all that Node's HTTP modules lead to, which takes longer than the request.
  const { Agent, request } = process.getBuiltinModule(url.startsWith('https:') ? 'node:https' : 'node:http');
  return new Promise((resolve, reject) => {
    // The global agent may go by the environment.
    const agent = new Agent(certificate === undefined ? {} : pinned(certificate));
    const sent = request(url, { ...options, agent }, (response) =>
      resolve({ status: response.statusCode ?? 0, body: response }),
    );
    sent.once('error', (error) => reject(isDistrusted(sent.socket) ? distrust(url, error) : error));
    sent.end(body);
  });
};

/** The first certificate alone: those that follow in the file have issued others, too. */
function pinned(certificates: string): AgentOptions {
  const { X509Certificate } = process.getBuiltinModule('node:crypto');
  const ca = new X509Certificate(certificates).toString();
  return { ca, allowPartialTrustChain: true, checkServerIdentity: () => undefined };
}

/** True of a TLS connection whose certificate Node has refused: it says why, where it has none it says nothing. */
function isDistrusted(socket: (Socket & { authorizationError?: unknown }) | null): boolean {
  return socket?.authorizationError !== undefined && socket.authorizationError !== null;
}

function distrust(url: string, cause: Error): OperatingError {
  return new OperatingError(
    'certificate-not-trusted',
    `${url} has a certificate that is not trusted; give its authority in NODE_EXTRA_CA_CERTS, and a name that it has in --url`,
    { cause },
  );
}
