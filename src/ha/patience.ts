import type { Clock } from '../lib/clock.ts';
import type { JsonHttp } from './http.ts';

export interface PatienceOptions {
  /** How long an answer is waited for at first, and again as soon as answers come fast. */
  readonly firstMs: number;
}

/** How many times as long as the last answer took the next one may take. */
const SLACK = 4;

/**
 * Requests that wait a short time at first, so that a lost message, or an endpoint that is gone, costs little; twice as long after each
 * answer that did not come, up to what the request allows, so that a server that is only slow is heard as well.
 */
export function withPatience(
  http: JsonHttp,
  { firstMs }: PatienceOptions,
  { clock }: { readonly clock: Clock },
): JsonHttp {
  /** By origin: one that is gone says nothing about the others. There are as many as are configured. */
  const patienceMs = new Map<string, number>();
  return {
    async send(request) {
      const { origin } = new URL(request.url);
      const timeoutMs = Math.min(request.timeoutMs, patienceMs.get(origin) ?? firstMs);
      const startedMs = clock.monotonicMs();
      try {
        const response = await http.send({ ...request, timeoutMs });
        patienceMs.set(origin, Math.max(firstMs, SLACK * (clock.monotonicMs() - startedMs)));
        return response;
      } catch (error) {
        patienceMs.set(origin, Math.max(firstMs, Math.min(request.timeoutMs, 2 * timeoutMs)));
        throw error;
      }
    },
    close: () => http.close(),
  };
}
