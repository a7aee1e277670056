import type { JSX } from 'preact';
import { formatEstimate } from '../../lib/duration.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { formatCount, plural } from '../format.ts';

export interface StatusProps {
  readonly status: StatusView;
}

/** How much of the rebalance is done, and how much of it failed. */
export function Progress({ status: { progress, dryRun, verdict } }: StatusProps): JSX.Element | null {
  const { done, failed, remaining, etaSeconds } = progress;
  const total = done + failed + remaining;
  if (total === 0 || dryRun || verdict.code === 'standby') return null;
  const share = (moves: number): string => `${(100 * moves) / total}%`;
  const isPaused = verdict.code === 'paused';
  const left =
    etaSeconds === null || remaining === 0 || isPaused
      ? ''
      : `about ${formatEstimate(etaSeconds * 1_000)} left`;
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
        <span style={{ width: share(done) }} />
        <span class="bad" style={{ width: share(failed) }} />
      </div>
      {/* The sentence of a balancing cluster says the same. */}
      {verdict.code !== 'balancing' && (
        <p>
          <strong>
            {formatCount(done)} of {plural(total, 'move')} done
          </strong>
          {failed > 0 && <span class="bad toned"> · {formatCount(failed)} failed or skipped</span>}
          {left !== '' && <span> · {left}</span>}
        </p>
      )}
    </>
  );
}
