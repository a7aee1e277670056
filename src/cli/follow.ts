import { OperatingError } from '../domain/errors.ts';
import { sleep } from '../lib/clock.ts';
import { statusSchema } from '../server/api/answers.ts';
import type { StatusView } from '../server/api/answers.ts';
import type { ApiClient } from './api-client.ts';
import type { Cli } from './cli.ts';
import { writeText } from './io.ts';
import { printable } from './render/text.ts';

const POLL_MS = 500;
/** A daemon that restarts is away for some seconds. */
const AWAY_MS = 30_000;

/**
 * Asks a daemon how things stand until `look` makes something of it, and shows each change on standard error.
 *
 * @param goesOn what the daemon does all the same when this command is told to stop: a sentence.
 * @throws OperatingError when the daemon does not answer for half a minute, and what `look` throws.
 */
export async function followDaemon<T>(
  { io: { clock, signal, err } }: Pick<Cli, 'io'>,
  client: ApiClient,
  goesOn: string,
  look: (status: StatusView) => T | undefined | Promise<T | undefined>,
): Promise<T> {
  let shown = '';
  let answeredMs = clock.monotonicMs();
  try {
    for (;;) {
      const status = await statusOrAway(client, clock.monotonicMs() - answeredMs);
      if (status) {
        answeredMs = clock.monotonicMs();
        const { sentence } = status.verdict;
        if (sentence !== shown) await writeText(err, [printable(sentence)]);
        shown = sentence;
        const found = await look(status);
        if (found !== undefined) return found;
      }
      await sleep(clock, POLL_MS, signal);
    }
  } catch (error) {
    if (signal.aborted) await writeText(err, [goesOn]);
    throw error;
  }
}

async function statusOrAway(client: ApiClient, awayMs: number): Promise<StatusView | undefined> {
  try {
    return await client.get('/api/v1/status', statusSchema);
  } catch (error) {
    if (error instanceof OperatingError && error.code === 'unreachable' && awayMs < AWAY_MS) return undefined;
    throw error;
  }
}
