import { describeError, isAbort, UsageError } from '../../domain/errors.ts';
import { sleep } from '../../lib/clock.ts';
import type { Clock } from '../../lib/clock.ts';
import { hang } from '../../lib/wrap.ts';
import { writeLines, writeSoon } from '../io.ts';
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

/** What is known, as lines for the window as it is now: drawn again when that is resized. */
export type Draw = () => readonly string[];

/**
 * Shows what `read` gives again and again until told to stop, or until nobody reads it any more. A daemon that does not answer is shown
 * as such: it may come back.
 *
 * @throws UsageError of `read`, which no waiting would mend.
 */
export async function watchScreen(read: () => Promise<Draw>, options: WatchOptions): Promise<void> {
  const { out, clock, everyMs, inPlace } = options;
  const signal = AbortSignal.any([options.signal, out.readerGone]);
  let draw: Draw = () => [];
  const stopResizing = inPlace ? out.onResize(() => writeSoon(out, overdrawn(draw()))) : undefined;
  try {
    if (inPlace) await out.write(CLEAR_SCREEN);
    for (;;) {
      signal.throwIfAborted();
      draw = await drawOrProblem(read, out, signal);
      if (inPlace) await out.write(overdrawn(draw()));
      else await writeLines(out, draw());
      await sleep(clock, everyMs, signal);
    }
  } catch (error) {
    if (isAbort(error) || signal.aborted) return;
    throw error;
  } finally {
    stopResizing?.();
  }
}

function overdrawn(lines: readonly string[]): string {
  return `${HOME}${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`;
}

async function drawOrProblem(read: () => Promise<Draw>, out: Output, signal: AbortSignal): Promise<Draw> {
  try {
    return await read();
  } catch (error) {
    if (signal.aborted || error instanceof UsageError) throw error;
    return () => hang(`${out.canvas.style('red', 'error:')} `, describeError(error), out.canvas.width);
  }
}
