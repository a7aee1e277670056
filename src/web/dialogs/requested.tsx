import type { JSX } from 'preact';
import type { DialogRequest } from '../page/page.ts';
import { DetailsDialog } from './details.tsx';
import { DrainDialog } from './drain.tsx';
import { MoveDialog } from './move.tsx';
import { PauseDialog } from './pause.tsx';

export function RequestedDialog({
  request,
  close,
}: {
  readonly request: DialogRequest;
  readonly close: () => void;
}): JSX.Element {
  switch (request.kind) {
    case 'pause':
      return <PauseDialog close={close} />;
    case 'drain':
      return <DrainDialog close={close} datanodes={request.datanodes} />;
    case 'details':
      return <DetailsDialog close={close} what={request.what} id={request.id} />;
    case 'move':
      return <MoveDialog close={close} move={request.move} />;
  }
}
