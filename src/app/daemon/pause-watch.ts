import type { Clock } from '../../lib/clock.ts';
import type { EventBus } from '../../observability/events.ts';
import type { Store } from '../../store/port.ts';
import { unlessStateFails } from './state-trouble.ts';

interface PauseWatchDependencies {
  readonly store: Pick<Store, 'pause'>;
  readonly clock: Clock;
  readonly events: EventBus;
}

/** Who ended a pause that nobody had to end. */
export const PAUSE_RAN_OUT = 'end of the pause';

/**
 * Tells when a pause with an end runs out: nobody asks for that, and everybody who was told of the pause wants to know. The gates go by
 * the store; this only tells.
 *
 * @returns a function that ends the watch.
 */
export function watchPause({ store, clock, events }: PauseWatchDependencies): () => void {
  let isPaused = false;
  let cancel = (): void => undefined;
  const arm = (): void => {
    cancel();
    const nowMs = clock.now();
    const pause = unlessStateFails(() => store.pause(nowMs), 'unread');
    if (pause === 'unread') return;
    if (pause) {
      isPaused = true;
      if (pause.untilMs !== null) cancel = clock.setTimer(pause.untilMs - nowMs, arm);
    } else if (isPaused) {
      isPaused = false;
      events.emit({ type: 'resumed', by: PAUSE_RAN_OUT });
    }
  };
  const unsubscribe = events.subscribe(({ type }) => {
    if (type === 'resumed') {
      isPaused = false;
      cancel();
    }
    // A wall clock that jumped ahead ends a pause before its timer does.
    if (type === 'paused' || type === 'cycle-started') arm();
  });
  arm();
  return () => {
    unsubscribe();
    cancel();
  };
}
