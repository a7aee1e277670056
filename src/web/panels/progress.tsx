import type { JSX } from 'preact';
import { formatEstimate } from '../../lib/duration.ts';
import { Quantities } from '../controls/quantities.tsx';
import type { StatusView } from '../../server/api/answers.ts';
import { formatCount, plural } from '../format.ts';

export interface StatusProps {
  readonly status: StatusView;
}

/** How much of the rebalance is done, how much of it failed, and how long the rest takes. */
export function Progress({ status }: StatusProps): JSX.Element | null {
  const { progress, dryRun, verdict } = status;
  const { done, failed, remaining } = progress;
  const total = done + failed + remaining;
  if (total === 0 || dryRun || verdict.code === 'standby') return null;
  return (
    <>
      <div
        class="progress"
        role="progressbar"
        aria-label="Moves that were made"
        aria-valuenow={done}
        aria-valuemin={0}
        aria-valuemax={total}
      >
        <span style={{ width: `${(100 * done) / total}%` }} />
      </div>
      {/* The sentence of a balancing cluster says the same. */}
      {verdict.code !== 'balancing' && (
        <p>
          <strong>
            {formatCount(done)} of {plural(total, 'move')} done
          </strong>
          {failed > 0 && <span class="bad toned"> · {formatCount(failed)} did not succeed</span>}
          {remaining > 0 && <Quantities text={` · ${timeLeft(status)}`} />}
        </p>
      )}
    </>
  );
}

/** How long the remaining moves take; while nothing may be moved, how long they would. */
export function timeLeft({ progress, paused, dryRun, verdict, gates }: StatusView): string {
  const { done, failed, etaSeconds, expectedSeconds } = progress;
  if (verdict.code === 'lost-contact') return 'how long the rest takes is not known now';
  const isOutside = gates.some(({ code }) => code === 'outside-window');
  if (isOutside && etaSeconds !== null)
    return `done in about ${formatEstimate(etaSeconds * 1_000)}, the wait for the window included`;
  if (!paused && etaSeconds !== null) return `about ${formatEstimate(etaSeconds * 1_000)} left`;
  if (expectedSeconds === null && dryRun) return 'no estimate: the rebalancer has not moved anything yet';
  if (expectedSeconds === null)
    return `how long the rest takes is known after the first ${done + failed > 0 ? 'successful ' : ''}move`;
  const time = `about ${formatEstimate(expectedSeconds * 1_000)}`;
  if (dryRun) return `they would take ${time}`;
  return paused ? `${time} once resumed` : `${time} once it may move`;
}
