import type { ComponentChildren, JSX } from 'preact';
import type { StatusView, Verdict as VerdictCode } from '../../server/api/answers.ts';
import { formatCount, formatSeconds, formatSkew, formatTime, plural } from '../format.ts';
import { useNow } from '../hooks/time.ts';
import { usePageState } from '../page/page.ts';

const LOOK: Readonly<Record<VerdictCode, readonly [tone: string, title: string, icon: string]>> = {
  balanced: ['good', 'Balanced', 'M5 13l4 4L19 7'],
  balancing: ['busy', 'Balancing', 'M4 8h13m0 0l-4-4m4 4l-4 4M20 16H7m0 0l4-4m-4 4l4 4'],
  blocked: ['warn', 'Blocked', 'M12 8v5m0 3.5v.5M12 3l9.5 17h-19z'],
  paused: ['warn', 'Paused', 'M9 6v12M15 6v12'],
  'dry-run': [
    'calm',
    'Dry run',
    'M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6zm9-2.500a2.500 2.500 0 100 5 2.500 2.500 0 000-5z',
  ],
  starting: ['calm', 'Starting', 'M12 4a8 8 0 108 8'],
  standby: ['calm', 'Standby', 'M20 13A8 8 0 1111 4a6.500 6.500 0 009 9z'],
  'lost-contact': [
    'bad',
    'Lost contact',
    'M5 5l14 14M8.500 16a5 5 0 015-1.500M5 12a10 10 0 014-2.500m4.500-.500A10 10 0 0119 12M2 8.500A15 15 0 016 6m5-1a15 15 0 0111 3.500M12 19.500v.500',
  ],
};

/** The one word that matters, and the numbers behind it. */
export function Verdict(): JSX.Element | null {
  const status = usePageState((state) => state.status);
  const nowMs = useNow(true, 1_000);
  if (!status) return null;
  const [tone, title, icon] = LOOK[status.verdict.code];
  return (
    <section class={`verdict ${tone}`} aria-labelledby="verdict">
      <Head title={title} icon={icon} sentence={status.verdict.sentence} />
      <Progress status={status} />
      <dl class="facts">
        <Fact name="Regions" value={status.snapshot && formatCount(status.snapshot.regions)}>
          {status.snapshot &&
            `${plural(status.snapshot.tables, 'table')} on ${plural(status.snapshot.datanodes, 'datanode')}`}
        </Fact>
        <Skew name="Skew of tables" part="tableSkewMax" status={status} />
        <Skew name="Skew of datanodes" part="nodeSkew" status={status} />
        <Fact name="Plan" value={status.plan && plural(status.plan.moves, 'move')}>
          {status.plan && planText(status.plan)}
        </Fact>
        <Fact name="Last cycle" value={status.lastCycle?.outcome ?? null}>
          {status.lastCycle && `${formatSeconds(secondsSince(status.lastCycle.endedAt, nowMs))} ago`}
        </Fact>
        <Fact name="Next cycle" value={nextText(status, nowMs)}>
          {status.nextTickAt && formatTime(status.nextTickAt)}
        </Fact>
      </dl>
    </section>
  );
}

function Fact({
  name,
  value,
  children,
}: {
  readonly name: string;
  readonly value: string | null;
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
}: {
  readonly name: string;
  readonly part: 'tableSkewMax' | 'nodeSkew';
  readonly status: StatusView;
}): JSX.Element {
  if (!balance) return <Fact name={name} value={null} />;
  const [now, after] = [formatSkew(balance.now[part]), formatSkew(balance.after[part])];
  return (
    <Fact name={name} value={now === after ? now : `${now} → ${after}`}>
      {now === after ? 'most minus least' : 'now and after the plan'}
    </Fact>
  );
}

function planText({ optimal, minimumMoves, moves }: NonNullable<StatusView['plan']>): string {
  if (moves === 0) return 'nothing to move';
  return optimal ? 'proven fewest' : `at least ${formatCount(minimumMoves)} needed`;
}

function nextText({ cycle, nextTickAt }: StatusView, nowMs: number): string | null {
  if (cycle) return 'running';
  if (nextTickAt === null) return null;
  return `in ${formatSeconds((Date.parse(nextTickAt) - nowMs) / 1_000)}`;
}

function secondsSince(iso: string, nowMs: number): number {
  return (nowMs - Date.parse(iso)) / 1_000;
}

function Progress({
  status: { progress, dryRun, verdict },
}: {
  readonly status: StatusView;
}): JSX.Element | null {
  const { done, failed, remaining, etaSeconds } = progress;
  const total = done + failed + remaining;
  if (total === 0 || dryRun) return null;
  const left = etaSeconds === null || remaining === 0 ? '' : `about ${formatSeconds(etaSeconds)} left`;
  return (
    <div class="progress">
      <progress value={done + failed} max={total} aria-label="Moves of the plan that were made" />
      {/* The sentence of a balancing cluster says the same. */}
      {verdict.code !== 'balancing' && (
        <p>
          <strong>
            {formatCount(done)} of {plural(total, 'move')}
          </strong>
          {failed > 0 && <span class="text-bad"> · {formatCount(failed)} without success</span>}
          {left !== '' && <span> · {left}</span>}
        </p>
      )}
    </div>
  );
}

/** Until the first answer, and when there is none. */
export function NoVerdict(): JSX.Element {
  const problem = usePageState((state) => state.problem);
  return (
    <section class="verdict calm" aria-labelledby="verdict" aria-busy={problem === null}>
      <Head
        title={problem === null ? 'Connecting' : 'No answer'}
        icon={LOOK.starting[2]}
        sentence={problem ?? 'Asking the rebalancer how things stand.'}
      />
    </section>
  );
}

function Head({
  title,
  icon,
  sentence,
}: {
  readonly title: string;
  readonly icon: string;
  readonly sentence: string;
}): JSX.Element {
  return (
    <div class="verdict-head" aria-live="polite" aria-atomic="true">
      <svg class="verdict-icon" viewBox="0 0 24 24" aria-hidden="true">
        <path d={icon} />
      </svg>
      <div>
        <h2 id="verdict">{title}</h2>
        <p>{sentence}</p>
      </div>
    </div>
  );
}
