import type { JSX } from 'preact';
import type { ExplainKind } from '../../domain/explanation.ts';
import { DetailsButton } from '../controls/details-button.tsx';
import { reasonText, Route } from '../controls/move.tsx';
import { Empty, Section } from '../controls/section.tsx';
import { formatSeconds, shortTable } from '../format.ts';
import { useNow } from '../hooks/time.ts';
import { usePageState } from '../page/page.ts';

/** The steps of a move as the daemon takes them; docs/recovery.md tells what is certain in each. */
const STEPS = [
  ['checking', 'Check', 'Everything is read afresh: may this region still move?'],
  ['intent-recorded', 'Record', 'The intent is on disk before the request leaves.'],
  ['submitted', 'Submit', 'The cluster has taken the request.'],
  ['watching', 'Migrate', 'The cluster moves the region.'],
  ['verifying', 'Prove', 'The route is read until it can be believed.'],
] as const;

export function Moving(): JSX.Element {
  const current = usePageState(({ status }) => status?.currentMove ?? null);
  const nowMs = useNow(current !== null);
  if (!current) {
    return (
      <Section title="Moving now" id="moving">
        <Empty>No region is on its way.</Empty>
      </Section>
    );
  }
  const { move, position, total, startedAt, stateSince } = current;
  const at = STEPS.findIndex(([state]) => state === move.state);
  const elapsed = (iso: string): string => formatSeconds((nowMs - Date.parse(iso)) / 1_000);
  return (
    <Section title="Moving now" id="moving" aside={<span class="dim">{`${position} of ${total}`}</span>}>
      <p class="big-move">
        <DetailsButton what="table" id={move.tableId} class="link table-name">
          {shortTable(move.table)}
        </DetailsButton>
        <Route from={<Id what="datanode" id={move.from} />} to={<Id what="datanode" id={move.to} />} isBig />
      </p>
      <p class="dim">
        Region <Id what="region" id={move.regionId} /> for the {reasonText(move.reason)}, {elapsed(startedAt)}{' '}
        so far
      </p>
      <ol class="steps" aria-label="Steps of the move">
        {STEPS.map(([state, text, detail], index) => (
          <li
            key={state}
            title={detail}
            class={index < at ? 'done' : index === at ? 'now' : ''}
            aria-current={index === at ? 'step' : undefined}
          >
            <span class="step-name">{text}</span>
            {index === at && <small>{elapsed(stateSince)}</small>}
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Id({ what, id }: { readonly what: ExplainKind; readonly id: string }): JSX.Element {
  return (
    <DetailsButton what={what} id={id}>
      {id}
    </DetailsButton>
  );
}
