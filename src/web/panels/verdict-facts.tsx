import type { JSX } from 'preact';
import type { CycleOutcome } from '../../domain/codes.ts';
import { formatEstimate } from '../../lib/duration.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { FactList } from '../controls/fact-list.tsx';
import type { NamedFact } from '../controls/fact-list.tsx';
import { Ago } from '../controls/time.tsx';
import { formatClock, formatCount, formatElapsed, plural } from '../format.ts';
import { usePageState } from '../page/page.ts';

export interface StatusProps {
  readonly status: StatusView;
}

/** The numbers behind the verdict. */
export function VerdictFacts({ status }: StatusProps): JSX.Element | null {
  const nowMs = usePageState((state) => state.nowMs);
  const { snapshot, plan, lastCycle } = status;
  const facts: readonly NamedFact[] = [
    [
      'Regions',
      snapshot ? formatCount(snapshot.regions) : '–',
      snapshot && `${plural(snapshot.tables, 'table')} on ${plural(snapshot.datanodes, 'datanode')}`,
    ],
    ['Table skew', ...skew(status, 'tableSkewMax')],
    ['Datanode skew', ...skew(status, 'nodeSkew')],
    ['Plan', plan ? plural(plan.moves, 'move') : '–', plan && planText(plan)],
    [
      'Last cycle',
      lastCycle ? outcomeText(lastCycle.outcome) : '–',
      lastCycle && <Ago at={lastCycle.endedAt} />,
    ],
    ['Next cycle', ...nextCycle(status, nowMs)],
  ];
  return <FactList facts={facts} />;
}

function skew({ balance }: StatusView, part: 'tableSkewMax' | 'nodeSkew'): readonly [string, string?] {
  if (!balance) return ['–'];
  const [now, after] = [formatCount(balance.now[part]), formatCount(balance.after[part])];
  return now === after ? [now, 'most minus least regions'] : [`${now} → ${after}`, 'now and after the plan'];
}

/** As the command line says it. */
function outcomeText(outcome: CycleOutcome): string {
  return outcome === 'gated' ? 'not acting' : outcome;
}

function planText({ optimal, minimumMoves, moves }: NonNullable<StatusView['plan']>): string {
  if (moves === 0) return 'nothing to move';
  return optimal ? 'fewer are impossible' : `at least ${formatCount(minimumMoves)} needed`;
}

function nextCycle({ cycle, nextTickAt }: StatusView, nowMs: number): readonly [string, string?] {
  if (cycle) return ['running'];
  if (nextTickAt === null) return ['–'];
  return [`in ${formatElapsed(nowMs, Date.parse(nextTickAt))}`, formatClock(nextTickAt, nowMs)];
}

/** How much of the plan is done. */
export function Progress({ status: { progress, dryRun, verdict } }: StatusProps): JSX.Element | null {
  const { done, failed, remaining, etaSeconds } = progress;
  const total = done + failed + remaining;
  if (total === 0 || dryRun) return null;
  const isPaused = verdict.code === 'paused';
  const left =
    etaSeconds === null || remaining === 0 || isPaused
      ? ''
      : `about ${formatEstimate(etaSeconds * 1_000)} left`;
  return (
    <>
      <progress value={done + failed} max={total} aria-label="Moves of the plan that were made" />
      {/* The sentence of a balancing cluster says the same. */}
      {verdict.code !== 'balancing' && (
        <p>
          <strong>
            {formatCount(done)} of {plural(total, 'move')}
          </strong>
          {failed > 0 && <span class="bad toned"> · {formatCount(failed)} failed or skipped</span>}
          {left !== '' && <span> · {left}</span>}
        </p>
      )}
    </>
  );
}
