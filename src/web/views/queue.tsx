import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Page } from '../app.tsx';
import { get } from '../api.ts';
import { formatCount } from '../format.ts';
import { useLoaded, useSettled, useThrottled } from '../hooks.ts';
import { useModel } from '../model.ts';
import type { QueueView } from '../../server/api/answers.ts';
import { Empty, MoveText, Problem, Section } from './parts.tsx';

const FIRST = 5;
const ALL = 200;

/** What is next, in the order in which it will be done. */
export function Queue({ page }: { readonly page: Page }): JSX.Element {
  const length = useModel(page.store, (model) => model.status?.queue.length ?? 0);
  const planId = useModel(page.store, (model) => model.status?.plan?.planId ?? '');
  const revision = useModel(page.store, (model) => model.movesRevision);
  const current = useModel(page.store, (model) => model.status?.currentMove?.move.regionId ?? '');
  const [isWhole, setWhole] = useState(false);
  const [text, setText] = useState('');
  const filter = useSettled(text);
  const key = useThrottled(`${planId}/${revision}/${current}/${length}`, 1_000);
  const limit = isWhole ? ALL : FIRST;
  const { value, problem } = useLoaded(`${key}/${limit}/${filter}`, (signal) =>
    get<QueueView>('/api/v1/queue', { limit, text: isWhole ? filter : '' }, signal),
  );
  // What was fetched a moment ago may have begun since.
  const moves = (value?.moves ?? []).filter(({ regionId }) => regionId !== current);
  const more = (value?.total ?? 0) - (value?.moves.length ?? 0);
  return (
    <Section
      title="Next"
      id="queue"
      aside={length > 0 && <span class="dim">{`${formatCount(length)} waiting`}</span>}
    >
      {isWhole && (
        <label class="filter">
          <span class="hidden">Filter by table or region</span>
          <input
            type="search"
            placeholder="Filter by table or region"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
      )}
      <Problem text={problem} />
      {moves.length === 0 ? (
        <Empty>{filter === '' ? 'Nothing waits to be moved.' : 'No waiting move fits this filter.'}</Empty>
      ) : (
        <ol
          class={isWhole ? 'moves scroll' : 'moves'}
          tabIndex={isWhole ? 0 : undefined}
          aria-label="Waiting moves"
        >
          {moves.map((move) => (
            <li key={move.regionId}>
              <button
                type="button"
                class="row-button"
                onClick={() => page.open({ kind: 'details', what: 'region', id: move.regionId })}
              >
                <span class="seq">{move.seq}</span>
                <MoveText move={move} />
              </button>
            </li>
          ))}
        </ol>
      )}
      {more > 0 && isWhole && <p class="dim">and {formatCount(more)} more</p>}
      {(length > FIRST || isWhole) && (
        <button type="button" class="link more" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show only the first' : `Show all ${formatCount(length)}`}
        </button>
      )}
    </Section>
  );
}
