import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { DetailsButton } from '../controls/details-button.tsx';
import { SearchField } from '../controls/form.tsx';
import { MoveText } from '../controls/move.tsx';
import { Empty, NotShown, Problem, Section } from '../controls/section.tsx';
import { formatCount } from '../format.ts';
import { useAnswer } from '../hooks/answer.ts';
import { useSettled, useThrottled } from '../hooks/pace.ts';
import { usePageState } from '../page/page.ts';
import { nextMove } from './status.ts';

const FIRST = 5;
const ALL = 200;

/** Whose plan it is, where this replica does not make the moves, and why none of them starts. */
function Whose(): JSX.Element | null {
  const status = usePageState((state) => state.status);
  if (!status || status.queue.length === 0) return null;
  const { leader, dryRun, paused, verdict, load } = status;
  const exchange = load ? ' For load, heavy and light regions change places.' : '';
  if (!leader.leads) {
    return <Empty>None of these starts: the leader follows a plan of its own.</Empty>;
  }
  if (verdict.code === 'lost-contact') return <Empty>None of these starts until GreptimeDB answers.</Empty>;
  if (paused) return <Empty>None of these starts while paused.</Empty>;
  if (dryRun) return <Empty>Planned only: none of these starts in the dry run.{exchange}</Empty>;
  return load ? <Empty>{exchange}</Empty> : null;
}

/** What is next, in the order in which it will be done. */
export function Queue(): JSX.Element {
  // What is shown as starting in a moment is not told twice.
  const starting = usePageState(({ status }) => (status ? nextMove(status)?.regionId : undefined));
  const waiting = usePageState(({ status }) => status?.queue.length ?? 0);
  const length = waiting - Number(starting !== undefined);
  const planId = usePageState(({ status }) => status?.plan?.planId ?? '');
  const revision = usePageState(({ revisions }) => revisions.moves);
  const current = usePageState(({ status }) => status?.currentMove?.move.regionId ?? '');
  const isActing = usePageState(({ status }) => status?.dryRun === false && status.leader.leads);
  const leads = usePageState(({ status }) => status?.leader.leads !== false);
  const [isWhole, setWhole] = useState(false);
  const [text, setText] = useState('');
  const filter = useSettled(text);
  const { value, problem } = useAnswer(
    '/api/v1/queue',
    isWhole ? { limit: ALL, text: filter } : { limit: FIRST + 1 },
    useThrottled(`${planId}/${revision}/${current}/${waiting}`, 1_000),
  );
  // What was fetched a moment ago may have begun since.
  const moves = (value?.moves ?? [])
    .filter(({ regionId }) => regionId !== current && regionId !== starting)
    .slice(0, isWhole ? ALL : FIRST);
  const more = (value?.total ?? 0) - (value?.moves.length ?? 0);
  return (
    <Section
      title={leads ? 'Next' : "This replica's plan, not used"}
      id="queue"
      aside={
        length > 0 && <span class="dim">{`${formatCount(length)} ${isActing ? 'queued' : 'planned'}`}</span>
      }
    >
      {isWhole && (
        <div class="filter">
          <SearchField label="Filter by table or region" value={text} onText={setText} />
        </div>
      )}
      <Problem text={problem} />
      <Whose />
      {value === null ? null : moves.length === 0 ? (
        <Empty>{filter === '' ? 'No moves queued.' : 'No queued move matches this filter.'}</Empty>
      ) : (
        <ol
          class={isWhole ? 'moves box' : 'moves'}
          tabIndex={isWhole ? 0 : undefined}
          aria-label="Queued moves"
        >
          {moves.map((move) => (
            <li key={move.regionId}>
              <DetailsButton what="region" id={move.regionId} class="row">
                <span class="seq">{formatCount(move.seq)}</span>
                <MoveText move={move} />
              </DetailsButton>
            </li>
          ))}
        </ol>
      )}
      {isWhole && <NotShown count={more} />}
      {(length > FIRST || isWhole) && (
        <button type="button" class="link more" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show fewer' : `Show all ${formatCount(length)}`}
        </button>
      )}
    </Section>
  );
}
