import type { ComponentChildren, JSX } from 'preact';
import type { MoveReason } from '../../domain/codes.ts';
import type { MoveView } from '../../observability/event-view.ts';
import { formatDuration } from '../../lib/duration.ts';
import { shortTable } from '../format.ts';
import { usePage } from '../page/page.ts';

/** From where to where, or only where something stays; each end may be more than an id. */
export function Route({
  from,
  to,
}: {
  readonly from: ComponentChildren;
  readonly to: ComponentChildren;
}): JSX.Element {
  return (
    <span class="route">
      <span class="node">{from}</span>
      {to !== null && (
        <>
          <span class="arrow" role="img" aria-label="to">
            →
          </span>
          <span class="node">{to}</span>
        </>
      )}
    </span>
  );
}

/** A move in words, with the table first: that is what people know. */
export function MoveText({
  move: { table, regionId, from, to },
}: {
  readonly move: Pick<MoveView, 'table' | 'regionId' | 'from' | 'to'>;
}): JSX.Element {
  return (
    <>
      <span class="table-name">{shortTable(table)}</span>
      <span class="region-id">{regionId}</span>
      <Route from={from} to={to} />
    </>
  );
}

/** Opens what became of a move. */
export function MoveButton({ move }: { readonly move: MoveView }): JSX.Element {
  const page = usePage();
  return (
    <button type="button" class="link" onClick={() => page.open({ kind: 'move', move })}>
      {shortTable(move.table)} <span class="region-id">{move.regionId}</span>
    </button>
  );
}

const REASON_TEXT = {
  drain: 'drain',
  'table-spread': 'table spread',
  'node-spread': 'datanode spread',
  load: 'load',
} as const satisfies Record<MoveReason, string>;

export function reasonText(reason: MoveReason): string {
  return REASON_TEXT[reason];
}

/** Of what has ended; the panel of the move under way tells its steps. */
const OUTCOME_TONE: Partial<Record<MoveView['state'], string>> = {
  succeeded: 'good',
  failed: 'bad',
  rolled_back: 'bad',
  timed_out: 'bad',
  abandoned: 'warn',
};

export function StateBadge({ state }: Pick<MoveView, 'state'>): JSX.Element {
  const tone = OUTCOME_TONE[state];
  return <span class={`badge ${tone ?? 'busy'}`}>{tone ? state.replace('_', ' ') : 'moving'}</span>;
}

export function tookText({ createdAt, endedAt }: MoveView): string {
  return endedAt === null ? '' : formatDuration(Date.parse(endedAt) - Date.parse(createdAt));
}
