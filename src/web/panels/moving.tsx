import type { ComponentChildren, JSX } from 'preact';
import type { MoveView } from '../../observability/event-view.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { DetailsButton } from '../controls/details-button.tsx';
import { FactList } from '../controls/fact-list.tsx';
import type { NamedFact } from '../controls/fact-list.tsx';
import { MoveButton, reasonText, Route, StateBadge } from '../controls/move.tsx';
import { Section } from '../controls/section.tsx';
import { Ago, Ahead } from '../controls/time.tsx';
import { formatCount, formatElapsed, shortTable } from '../format.ts';
import { useAnswer } from '../hooks/answer.ts';
import { usePageState } from '../page/page.ts';
import { nextMove } from './status.ts';
import type { PlannedMove, StatusProps } from './status.ts';

/** The steps of a move as the daemon takes them; docs/recovery.md tells what is certain in each. */
const STEPS = [
  ['checking', 'Check', 'Everything is read again: may this region still move?'],
  ['intent-recorded', 'Record', 'The intent is on disk before the request is sent.'],
  ['submitted', 'Submit', 'The cluster has accepted the request.'],
  ['watching', 'Migrate', 'The cluster moves the region.'],
  ['verifying', 'Verify', 'The route is read until it is certain.'],
] as const;

/** The move under way, or the one that starts in a moment, or when there may be one again; and what became of the last. */
export function Moving(): JSX.Element | null {
  const status = usePageState((state) => state.status);
  const nowMs = usePageState((state) => state.nowMs);
  const revision = usePageState(({ revisions }) => revisions.moves);
  const past = useAnswer('/api/v1/history', { limit: 2 }, revision).value?.moves ?? [];
  if (!status) return null;
  const { currentMove, progress } = status;
  const last = past.find(({ endedAt }) => endedAt !== null);
  const total = progress.done + progress.failed + progress.remaining;
  const next = nextMove(status);
  const aside = currentMove
    ? `${formatCount(currentMove.position)} of ${formatCount(currentMove.total)}`
    : next && `${formatCount(next.seq)} of ${formatCount(total)}`;
  return (
    <Section title="Moving now" id="moving" aside={aside && <span class="dim">{aside}</span>}>
      {currentMove ? (
        <Current {...currentMove} nowMs={nowMs} />
      ) : next ? (
        <Move move={next}>starts in a moment</Move>
      ) : (
        <p class="dim">{idleText(status)}</p>
      )}
      <FactList
        facts={[
          ...(currentMove || next ? [] : nextTime(status)),
          [
            'Last move',
            last ? <LastMove move={last} /> : currentMove || next ? '' : <NoMoveYet status={status} />,
          ],
        ]}
      />
    </Section>
  );
}

function NoMoveYet({ status: { process, leader } }: StatusProps): JSX.Element {
  return (
    <>
      {leader.leads ? 'none yet; the rebalancer' : 'none by this replica, which'} started{' '}
      <Ago at={process.startedAt} />
    </>
  );
}

type CurrentMove = NonNullable<StatusView['currentMove']>;

function Move({
  move,
  children,
}: {
  readonly move: Omit<PlannedMove, 'seq' | 'detail'>;
  readonly children: ComponentChildren;
}): JSX.Element {
  const datanode = (id: string): JSX.Element => (
    <DetailsButton what="datanode" id={id}>
      <span class="hidden">Datanode </span>
      {id}
    </DetailsButton>
  );
  return (
    <>
      <p class="big-move">
        <DetailsButton what="table" id={move.tableId} class="link table-name">
          {shortTable(move.table)}
        </DetailsButton>
        <Route from={datanode(move.from)} to={datanode(move.to)} />
      </p>
      <p class="dim">
        Region{' '}
        <DetailsButton what="region" id={move.regionId}>
          {move.regionId}
        </DetailsButton>
        , because of {reasonText(move.reason)}; {children}
      </p>
    </>
  );
}

function Current({
  move,
  startedAt,
  stateSince,
  nowMs,
}: CurrentMove & { readonly nowMs: number }): JSX.Element {
  const at = STEPS.findIndex(([state]) => state === move.state);
  const elapsed = (iso: string): string => formatElapsed(Date.parse(iso), nowMs);
  return (
    <>
      <Move move={move}>{elapsed(startedAt).replaceAll(' ', '\u00a0')} so far</Move>
      <ol class="steps" aria-label="Steps of the move">
        {STEPS.map(([state, text, detail], index) => (
          <li
            key={state}
            title={detail}
            class={index < at ? 'done' : index === at ? 'now' : ''}
            aria-current={index === at ? 'step' : undefined}
          >
            <span>{text}</span>
            {index === at && <small>{elapsed(stateSince)}</small>}
          </li>
        ))}
      </ol>
    </>
  );
}

function LastMove({ move }: { readonly move: MoveView }): JSX.Element {
  return (
    <span class="last-move">
      <MoveButton move={move} />
      <Route from={move.from} to={move.to} />
      <StateBadge state={move.state} />
      <span class="dim">
        <Ago at={move.endedAt ?? move.createdAt} />
      </span>
    </span>
  );
}

function idleText({ leader, verdict }: StatusView): string {
  if (!leader.leads) return 'What moves is not known here: only the leader moves regions.';
  return verdict.code === 'lost-contact'
    ? 'When GreptimeDB was last read, no migration was running. What runs now is not known.'
    : 'No migration running.';
}

/** When something may be moved, or is looked for. */
function nextTime({ leader, paused, cycle, nextTickAt }: StatusView): NamedFact[] {
  if (!leader.leads || paused || cycle) return [];
  return [['Next cycle', nextTickAt === null ? 'not scheduled' : <Ahead at={nextTickAt} />]];
}
