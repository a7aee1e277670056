import type { JSX } from 'preact';
import type { StatusView } from '../../server/api/answers.ts';
import { DetailsButton } from '../controls/details-button.tsx';
import { FactList } from '../controls/fact-list.tsx';
import type { NamedFact } from '../controls/fact-list.tsx';
import { MoveButton, reasonText, Route, StateBadge } from '../controls/move.tsx';
import { Empty, Section } from '../controls/section.tsx';
import { Ago, Ahead } from '../controls/time.tsx';
import { formatElapsed, shortTable } from '../format.ts';
import { useAnswer } from '../hooks/answer.ts';
import { usePageState } from '../page/page.ts';

/** The steps of a move as the daemon takes them; docs/recovery.md tells what is certain in each. */
const STEPS = [
  ['checking', 'Check', 'Everything is read again: may this region still move?'],
  ['intent-recorded', 'Record', 'The intent is on disk before the request is sent.'],
  ['submitted', 'Submit', 'The cluster has accepted the request.'],
  ['watching', 'Migrate', 'The cluster moves the region.'],
  ['verifying', 'Verify', 'The route is read until it is certain.'],
] as const;

export function Moving(): JSX.Element {
  const current = usePageState(({ status }) => status?.currentMove ?? null);
  return current ? <Move {...current} /> : <Idle />;
}

function Move({
  move,
  position,
  total,
  startedAt,
  stateSince,
}: NonNullable<StatusView['currentMove']>): JSX.Element {
  const nowMs = usePageState((state) => state.nowMs);
  const at = STEPS.findIndex(([state]) => state === move.state);
  const elapsed = (iso: string): string => formatElapsed(Date.parse(iso), nowMs);
  const datanode = (id: string): JSX.Element => (
    <DetailsButton what="datanode" id={id}>
      {id}
    </DetailsButton>
  );
  return (
    <Section title="Moving now" id="moving" aside={<span class="dim">{`${position} of ${total}`}</span>}>
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
        , because of {reasonText(move.reason)}; {elapsed(startedAt)} so far
      </p>
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
    </Section>
  );
}

/** What happened last, and when something may happen again. */
function Idle(): JSX.Element {
  const revision = usePageState(({ revisions }) => revisions.moves);
  const status = usePageState((state) => state.status);
  const last = useAnswer('/api/v1/history', { limit: 1 }, revision).value?.moves[0];
  const facts: readonly NamedFact[] = [
    [
      'Last move',
      last ? (
        <span class="last-move">
          <MoveButton move={last} />
          <Route from={last.from} to={last.to} />
          <StateBadge state={last.state} />
          <span class="dim">
            <Ago at={last.endedAt ?? last.createdAt} />
          </span>
        </span>
      ) : (
        'none yet'
      ),
    ],
    ['Next start', status && nextStart(status)],
  ];
  return (
    <Section title="Moving now" id="moving">
      <Empty>No migration running.</Empty>
      <FactList facts={facts} />
    </Section>
  );
}

function nextStart({ leader, dryRun, paused, cycle, nextTickAt }: StatusView): JSX.Element | string {
  if (!leader.leads) return 'only the leader moves regions';
  if (paused) return paused.until === null ? 'after somebody resumes' : <Ahead at={paused.until} />;
  if (dryRun) return 'none: dry run';
  if (cycle) return 'a cycle is running';
  return nextTickAt === null ? 'not scheduled' : <Ahead at={nextTickAt} />;
}
