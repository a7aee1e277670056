import { once } from 'node:events';

/** Resolves when the signal aborts: to be told to stop is how this command ends. */
export async function untilAborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort');
}
