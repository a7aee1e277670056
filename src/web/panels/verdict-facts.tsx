import type { ComponentChildren, JSX } from 'preact';
import type { CycleOutcome } from '../../domain/codes.ts';
import { formatEstimate } from '../../lib/duration.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { Ago } from '../controls/time.tsx';
import { formatClock, formatCount, formatElapsed, plural } from '../format.ts';
import { usePageState } from '../page/page.ts';

export interface StatusProps {
  readonly status: StatusView;
}

/** The numbers behind the verdict. */
export function VerdictFacts({ status }: StatusProps): JSX.Element {
  const { snapshot, plan, lastCycle } = status;
  return (
    <dl class="facts">
      <Fact name="Regions" value={snapshot && formatCount(snapshot.regions)}>
        {snapshot && `${plural(snapshot.tables, 'table')} on ${plural(snapshot.datanodes, 'datanode')}`}
      </Fact>
      <Skew name="Table skew" part="tableSkewMax" status={status} />
      <Skew name="Datanode skew" part="nodeSkew" status={status} />
      <Fact name="Plan" value={plan && plural(plan.moves, 'move')}>
        {plan && planText(plan)}
      </Fact>
      <Fact name="Last cycle" value={lastCycle && outcomeText(lastCycle.outcome)}>
        {lastCycle && <Ago at={lastCycle.endedAt} />}
      </Fact>
      <NextCycle status={status} />
    </dl>
  );
}

function Fact({
  name,
  value,
  children,
}: {
  readonly name: string;
  readonly value: ComponentChildren;
  readonly children?: ComponentChildren;
}): JSX.Element {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>
        <strong>{value ?? '–'}</strong>
        <small>{children}</small>
      </dd>
    </div>
  );
}

function Skew({
  name,
  part,
  status: { balance },
}: StatusProps & { readonly name: string; readonly part: 'tableSkewMax' | 'nodeSkew' }): JSX.Element {
  if (!balance) return <Fact name={name} value={null} />;
  const [now, after] = [formatCount(balance.now[part]), formatCount(balance.after[part])];
  return (
    <Fact name={name} value={now === after ? now : `${now} → ${after}`}>
      {now === after ? 'most minus least regions' : 'now and after the plan'}
    </Fact>
  );
}

/** As the command line says it. */
function outcomeText(outcome: CycleOutcome): string {
  return outcome === 'gated' ? 'not acting' : outcome;
}

function planText({ optimal, minimumMoves, moves }: NonNullable<StatusView['plan']>): string {
  if (moves === 0) return 'nothing to move';
  return optimal ? 'fewer are impossible' : `at least ${formatCount(minimumMoves)} needed`;
}

function NextCycle({ status: { cycle, nextTickAt } }: StatusProps): JSX.Element {
  const nowMs = usePageState((state) => state.nowMs);
  if (cycle) return <Fact name="Next cycle" value="running" />;
  if (nextTickAt === null) return <Fact name="Next cycle" value={null} />;
  return (
    <Fact name="Next cycle" value={`in ${formatElapsed(nowMs, Date.parse(nextTickAt))}`}>
      {formatClock(nextTickAt, nowMs)}
    </Fact>
  );
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
    <div class="progress">
      <progress value={done + failed} max={total} aria-label="Moves of the plan that were made" />
      {/* The sentence of a balancing cluster says the same. */}
      {verdict.code !== 'balancing' && (
        <p>
          <strong>
            {formatCount(done)} of {plural(total, 'move')}
          </strong>
          {failed > 0 && <span class="text-bad"> · {formatCount(failed)} failed or skipped</span>}
          {left !== '' && <span> · {left}</span>}
        </p>
      )}
    </div>
  );
}
