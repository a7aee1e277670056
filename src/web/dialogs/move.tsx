import type { JSX } from 'preact';
import type { MoveView } from '../../observability/event-view.ts';
import { reasonText, Route, StateBadge, tookText } from '../controls/move.tsx';
import { FactList } from '../controls/fact-list.tsx';
import { formatExact, shortTable } from '../format.ts';
import { Dialog } from './dialog.tsx';
import { Explained } from './explanation.tsx';

/** One past move with what became of it, and where its region stands today. */
export function MoveDialog({
  close,
  move,
}: {
  readonly close: () => void;
  readonly move: MoveView;
}): JSX.Element {
  const at = (iso: string | null): string => (iso === null ? '' : formatExact(iso));
  const facts = [
    ['reason', reasonText(move.reason)],
    ['started', at(move.createdAt)],
    ['submitted', at(move.submittedAt)],
    ['ended', at(move.endedAt)],
    ['took', tookText(move)],
    ['cause', move.state === 'succeeded' ? null : move.cause],
    ['procedure', move.procedureId],
    ['undone by somebody else', at(move.undoneAt)],
    ['outcome found later', move.late && `${move.late.outcome}: ${move.late.detail}`],
  ] as const;
  return (
    <Dialog title={`${shortTable(move.table)} ${move.regionId}`} close={close} wide>
      <p class="big-move">
        <Route from={move.from} to={move.to} />
        <StateBadge state={move.state} />
      </p>
      {move.detail !== null && <p class="answer">{move.detail}</p>}
      <FactList facts={facts} />
      <h3>The region today</h3>
      <Explained what="region" id={move.regionId} />
    </Dialog>
  );
}
