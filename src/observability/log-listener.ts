import type { EventSource } from './events.ts';
import { describeEvent } from './event-view.ts';
import type { Logger } from './logger.ts';

/**
 * Writes one line for each event.
 *
 * @returns a function that ends it.
 */
export function logEvents(logger: Logger, events: EventSource): () => void {
  return events.subscribe((event) => {
    const { level, message, fields } = describeEvent(event);
    logger[level](fields, message);
  });
}
