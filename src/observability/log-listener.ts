import { GATE_SEVERITY } from '../domain/codes.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { EventSource, StampedEvent } from './events.ts';
import { describeEvent } from './event-view.ts';
import type { Logger } from './logger.ts';

type Level = 'debug' | 'info' | 'warn';

/**
 * Writes one line for each event.
 *
 * @returns a function that ends it.
 */
export function logEvents(logger: Logger, events: EventSource): () => void {
  return events.subscribe((event) => {
    const { message, fields } = describeEvent(event);
    logger[levelOf(event)](fields, message);
  });
}

/** `warn`: somebody may have to act, if it lasts. `info`: cycles' results, moves' begins and ends. `debug`: the rest. */
export function levelOf(event: StampedEvent): Level {
  switch (event.type) {
    case 'cycle-finished':
      return event.outcome === 'failed' || event.outcome === 'partial' ? 'warn' : 'info';
    case 'move-finished':
      return levelOfEnd(event.move);
    case 'gate-closed':
      return GATE_SEVERITY[event.code] === 'needs-person' ? 'warn' : 'debug';
    case 'foreign-moves':
      return event.undone > 0 ? 'warn' : 'info';
    case 'redundant-move':
    case 'quarantined':
    case 'paused':
    case 'config-refused':
      return 'warn';
    case 'move-started':
    case 'tick-missed':
    case 'recovered':
    case 'resumed':
    case 'drain-requested':
    case 'drain-ended':
    case 'quarantine-released':
    case 'config-reloaded':
      return 'info';
    case 'cycle-started':
    case 'snapshot-taken':
    case 'planned':
    case 'move-state':
      return 'debug';
  }
}

/** A move that no longer applied was rightly left alone: that is no failure. */
function levelOfEnd(move: MoveRecord): Level {
  return move.state === 'succeeded' || move.state === 'abandoned' ? 'info' : 'warn';
}
