import type { JSX } from 'preact';
import type { Page } from '../app.tsx';
import { formatSeconds, shortTable } from '../format.ts';
import { useNow } from '../hooks.ts';
import { useModel } from '../model.ts';
import { Empty, Explain, reasonText, Section } from './parts.tsx';

/** The steps of a move as the daemon takes them; docs/recovery.md tells what is certain in each. */
const STEPS = [
  ['checking', 'Check', 'Everything is read afresh: may this region still move?'],
  ['intent-recorded', 'Record', 'The intent is on disk before the request leaves.'],
  ['submitted', 'Submit', 'The cluster has taken the request.'],
  ['watching', 'Migrate', 'The cluster moves the region.'],
  ['verifying', 'Prove', 'The route is read until it can be believed.'],
] as const;

export function Moving({ page }: { readonly page: Page }): JSX.Element {
  const current = useModel(page.store, (model) => model.status?.currentMove ?? null);
  const offsetMs = useModel(page.store, (model) => model.clockOffsetMs);
  const nowMs = useNow(offsetMs, current !== null);
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
        <Explain page={page} kind="table" id={move.tableId} class="table-name">
          {shortTable(move.table)}
        </Explain>
        <span class="route big">
          <Explain page={page} kind="datanode" id={move.from} class="node">
            {move.from}
          </Explain>
          <span class="arrow" aria-label="to">
            →
          </span>
          <Explain page={page} kind="datanode" id={move.to} class="node">
            {move.to}
          </Explain>
        </span>
      </p>
      <p class="dim">
        Region{' '}
        <Explain page={page} kind="region" id={move.regionId}>
          {move.regionId}
        </Explain>{' '}
        for the {reasonText(move.reason)}, {elapsed(startedAt)} so far
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
