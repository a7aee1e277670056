import type { JSX } from 'preact';
import { formatCount, plural } from '../format.ts';
import type { StatusProps } from './status.ts';

/** How much of the rebalance is done, and how much of it failed. */
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
        </p>
      )}
    </>
  );
}
