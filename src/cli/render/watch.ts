import { describeError, isAbort, UsageError } from '../../domain/errors.ts';
import { sleep } from '../../lib/clock.ts';
import type { Clock } from '../../lib/clock.ts';
import { writeLines } from '../io.ts';
import type { Output } from '../io.ts';

export interface WatchOptions {
  readonly out: Output;
  readonly clock: Clock;
  /** Aborting it ends the show, which is no failure. */
  readonly signal: AbortSignal;
  readonly everyMs: number;
  /** Draw over what was shown before; else one screen after the other. */
  readonly inPlace: boolean;
}

const HOME = '\u001b[H';
/** To the end of the line, so that nothing is left of a longer one; a screen that is cleared first would flicker. */
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const CLEAR_SCREEN = '\u001b[2J';

/**
 * Shows what `show` gives again and again until told to stop. A daemon that does not answer is shown as such: it may come back.
 *
 * @throws UsageError of `show`, which no waiting would mend.
 */
export async function watchScreen(
  show: () => Promise<readonly string[]>,
  options: WatchOptions,
): Promise<void> {
  const { out, clock, signal, everyMs, inPlace } = options;
  if (inPlace) await out.write(CLEAR_SCREEN);
  try {
    for (;;) {
      signal.throwIfAborted();
      const lines = await linesOrProblem(show, out, signal);
      if (inPlace)
        await out.write(`${HOME}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`);
      else await writeLines(out, lines);
      await sleep(clock, everyMs, signal);
    }
  } catch (error) {
    if (isAbort(error) || signal.aborted) return;
    throw error;
  }
}

async function linesOrProblem(
  show: () => Promise<readonly string[]>,
  out: Output,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    return await show();
  } catch (error) {
    if (signal.aborted || error instanceof UsageError) throw error;
    return [`${out.canvas.style('red', 'error:')} ${describeError(error)}`];
  }
}
