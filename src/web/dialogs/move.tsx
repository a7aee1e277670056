import type { JSX } from 'preact';
import { formatTime, shortTable } from '../format.ts';
import type { MoveView } from '../model.ts';
import { tookText } from '../views/history.tsx';
import { reasonText, StateBadge } from '../views/parts.tsx';
import { Reasons } from './details.tsx';
import { Dialog } from './dialogs.tsx';
import type { DialogProps } from './dialogs.tsx';

/** One past move with what became of it, and where its region stands today. */
export function MoveDialog({ page, close, move }: DialogProps & { readonly move: MoveView }): JSX.Element {
  const facts: readonly (readonly [string, string | null])[] = [
    ['why', reasonText(move.reason)],
    ['begun', formatTime(move.createdAt)],
    ['submitted', move.submittedAt && formatTime(move.submittedAt)],
    ['ended', move.endedAt && formatTime(move.endedAt)],
    ['took', tookText(move)],
    ['cause', move.cause],
    ['procedure', move.procedureId],
    ['undone by somebody else', move.undoneAt && formatTime(move.undoneAt)],
    ['found out later', move.late && `${move.late.outcome}: ${move.late.detail}`],
  ];
  return (
    <Dialog title={`${shortTable(move.table)} ${move.regionId}`} close={close} wide>
      <p class="big-move">
        <span class="route big">
          <span class="node">{move.from}</span>
          <span class="arrow" aria-label="to">
            →
          </span>
          <span class="node">{move.to}</span>
        </span>
        <StateBadge state={move.state} />
      </p>
      {move.detail !== null && <p class="answer">{move.detail}</p>}
      <dl class="fact-list">
        {facts
          .filter(([, text]) => text !== null && text !== '')
          .map(([name, text]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
      </dl>
      <h3>Where it stands today</h3>
      <Reasons page={page} what="region" id={move.regionId} />
    </Dialog>
  );
}
