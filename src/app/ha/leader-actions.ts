import type { ServerActions } from '../../server/api/ports.ts';
import { notLeader, type Leadership } from './leadership.ts';

/**
 * What operators ask for is the leader's to do: a standby refuses and names it. What is to outlive the leader (a pause, a drain) is left
 * for its successor before the answer is given.
 */
export function byLeaderOnly(actions: ServerActions, leadership: Leadership): ServerActions {
  const refuse = (): void => {
    if (!leadership.isActing()) throw notLeader(leadership.status().holder);
  };
  const kept = async <T>(act: () => T | Promise<T>): Promise<T> => {
    refuse();
    const result = await act();
    await leadership.publish(NEVER);
    return result;
  };
  return {
    pause: (request) => kept(() => actions.pause(request)),
    resume: (request) => kept(() => actions.resume(request)),
    drain: (request) => kept(() => actions.drain(request)),
    undrain: (request) => kept(() => actions.undrain(request)),
    cordon: (request) => kept(() => actions.cordon(request)),
    uncordon: (request) => kept(() => actions.uncordon(request)),
    trigger(request) {
      refuse();
      return actions.trigger(request);
    },
    releaseQuarantine(request) {
      refuse();
      return actions.releaseQuarantine(request);
    },
  };
}

const NEVER = new AbortController().signal;
