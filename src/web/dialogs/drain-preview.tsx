import type { JSX } from 'preact';
import { nameDatanodes } from '../../domain/ids.ts';
import type { DrainAnswer } from '../api/actions.ts';
import { DataTable } from '../controls/data-table.tsx';
import type { Column } from '../controls/data-table.tsx';
import { MoveText } from '../controls/move.tsx';
import { NotShown } from '../controls/section.tsx';
import { formatCount, plural } from '../format.ts';
import { usePageState } from '../page/page.ts';

type DrainPlan = NonNullable<DrainAnswer['plan']>;

const SHOWN_MOVES = 200;
const SHOWN_DATANODES = 50;

/** What a drain would move. */
export function DrainPreview({
  plan,
  chosen,
}: {
  readonly plan: DrainAnswer['plan'];
  readonly chosen: readonly string[];
}): JSX.Element {
  const isDryRun = usePageState(({ status }) => status?.dryRun === true);
  if (!plan) return <p class="problem">The cluster has not been read yet, so the moves are not known.</p>;
  const { moves, after, optimal, minimumMoves } = plan;
  const left = after.regionsOnDraining;
  return (
    <div class="preview" aria-live="polite">
      <p>
        <strong>{plural(moves.length, 'move')}</strong> {left > 0 ? 'cannot quite ' : ''}
        {moves.length === 1 && left === 0 ? 'empties' : 'empty'} {nameDatanodes(chosen)}.{' '}
        {optimal ? 'Fewer are impossible.' : `At least ${formatCount(minimumMoves)} are needed.`}
      </p>
      {isDryRun && (
        <p class="notice">
          Dry run: the drain is recorded and planned, but nothing moves until execution.dryRun is false.
        </p>
      )}
      {left > 0 && (
        <p class="problem">
          {plural(left, 'region')} would stay: {blockerCodes(plan)}.
        </p>
      )}
      <div class="before-after">
        <DataTable columns={COLUMNS} rows={changesOf(plan)} keyOf={({ id }) => id} />
      </div>
      <details>
        <summary>The moves</summary>
        <ol class="box" tabIndex={0} aria-label="Planned moves">
          {moves.slice(0, SHOWN_MOVES).map((move) => (
            <li key={move.regionId} class="row">
              <span class="seq">{move.seq}</span>
              <MoveText move={move} />
            </li>
          ))}
        </ol>
        <NotShown count={moves.length - SHOWN_MOVES} />
      </details>
    </div>
  );
}

function blockerCodes({ blocked }: DrainPlan): string {
  return [...new Set(blocked.map(({ code }) => code))].slice(0, 5).join(', ') || 'the plan does not say why';
}

interface Change {
  readonly id: string;
  readonly before: number;
  readonly after: number;
}

const COLUMNS: readonly Column<Change>[] = [
  { title: 'Datanode', isName: true, cell: ({ id }) => id },
  { title: 'Now', isNumber: true, cell: ({ before }) => formatCount(before) },
  { title: 'After', isNumber: true, cell: ({ after }) => formatCount(after) },
];

/** The datanodes whose number changes, at most so many as one wants to read. */
function changesOf({ before, after }: DrainPlan): readonly Change[] {
  const then = new Map(after.datanodes.map(({ id, regions }) => [id, regions]));
  return before.datanodes
    .map(({ id, regions }) => ({ id, before: regions, after: then.get(id) ?? regions }))
    .filter((change) => change.before !== change.after)
    .slice(0, SHOWN_DATANODES);
}
