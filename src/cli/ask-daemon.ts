export interface DaemonRequest {
  readonly method: 'GET' | 'POST';
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

interface DaemonAnswer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** One request. Rejects when no answer comes. */
export type AskDaemon = (url: string, request: DaemonRequest) => Promise<DaemonAnswer>;

/**
 * Asks the daemon itself: no redirect is followed, and no proxy of the environment (`http_proxy`) is asked, which would be given the token
 * and knows nothing of our loopback address.
 */
export const askDaemon: AskDaemon = async (url, { method, headers, body, signal }) => {
  const { Agent, request } = await (url.startsWith('https:') ? import('node:https') : import('node:http'));
  return new Promise((resolve, reject) => {
    // The global agent may go by the environment.
    const sent = request(url, { method, headers, signal, agent: new Agent() }, (response) =>
      resolve({ status: response.statusCode ?? 0, body: response }),
    );
    sent.once('error', reject);
    sent.end(body);
  });
};
