import { setTimeout as wait } from 'node:timers/promises';

/**
 * Asks again until `ask` answers with something, for what another process does and does not tell. At most for `limitMs`, default
 * 20 s. An error counts as no answer; the last one is the cause of the failure.
 */
export async function eventually<Value>(
  what: string,
  ask: () => Promise<Value | undefined>,
  limitMs = 20_000,
): Promise<Value> {
  const endMs = performance.now() + limitMs;
  let last: unknown;
  while (performance.now() < endMs) {
    try {
      const value = await ask();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    await wait(50);
  }
  throw new Error(`Waited ${limitMs} ms in vain: ${what}`, { cause: last });
}
