import type { JSX } from 'preact';
import type { MoveView } from '../../observability/event-view.ts';
import { reasonText, Route, StateBadge, tookText } from '../controls/move.tsx';
import { formatTime, shortTable } from '../format.ts';
import { Dialog } from './dialog.tsx';
import { Explained, FactList } from './explanation.tsx';

/** One past move with what became of it, and where its region stands today. */
export function MoveDialog({
  close,
  move,
}: {
  readonly close: () => void;
  readonly move: MoveView;
}): JSX.Element {
  const facts = [
    ['why', reasonText(move.reason)],
    ['begun', formatTime(move.createdAt)],
    ['submitted', move.submittedAt && formatTime(move.submittedAt)],
    ['ended', move.endedAt && formatTime(move.endedAt)],
    ['took', tookText(move)],
    ['cause', move.cause],
    ['procedure', move.procedureId],
    ['undone by somebody else', move.undoneAt && formatTime(move.undoneAt)],
    ['found out later', move.late && `${move.late.outcome}: ${move.late.detail}`],
  ] as const;
  return (
    <Dialog title={`${shortTable(move.table)} ${move.regionId}`} close={close} wide>
      <p class="big-move">
        <Route from={move.from} to={move.to} isBig />
        <StateBadge state={move.state} />
      </p>
      {move.detail !== null && <p class="answer">{move.detail}</p>}
      <FactList facts={facts.filter(([, text]) => text !== null && text !== '')} />
      <h3>Where it stands today</h3>
      <Explained what="region" id={move.regionId} />
    </Dialog>
  );
}
