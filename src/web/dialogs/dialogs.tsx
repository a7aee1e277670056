import type { ComponentChildren, JSX } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import type { Page } from '../app.tsx';
import type { MoveView } from '../model.ts';
import { TokenForm } from '../views/token-panel.tsx';
import { Details } from './details.tsx';
import { DrainDialog } from './drain.tsx';
import { MoveDialog } from './move.tsx';
import { PauseDialog } from './pause.tsx';

/** What lies over the page. */
export type DialogRequest =
  | { readonly kind: 'pause' }
  | { readonly kind: 'drain'; readonly datanodes: readonly string[] }
  | { readonly kind: 'details'; readonly what: 'region' | 'table' | 'datanode'; readonly id: string }
  | { readonly kind: 'move'; readonly move: MoveView };

export interface DialogProps {
  readonly page: Page;
  readonly close: () => void;
}

export function RequestedDialog({
  page,
  request,
  close,
}: DialogProps & { readonly request: DialogRequest }): JSX.Element {
  switch (request.kind) {
    case 'pause':
      return <PauseDialog page={page} close={close} />;
    case 'drain':
      return <DrainDialog page={page} close={close} datanodes={request.datanodes} />;
    case 'details':
      return <Details page={page} close={close} what={request.what} id={request.id} />;
    case 'move':
      return <MoveDialog page={page} close={close} move={request.move} />;
  }
}

/** Lies over the dialog whose action needs the token, if there is one, so that nothing typed there is lost. */
export function TokenDialog({
  attempt,
  close,
  onToken,
}: {
  /** What needs the token; rejects while the token is not the right one. */
  readonly attempt: () => Promise<void>;
  readonly close: () => void;
  readonly onToken: () => void;
}): JSX.Element {
  return (
    <Dialog title="This needs the token" close={close}>
      <p class="dim">
        Everybody may look, but only who has the token may act. It is kept until this tab is closed.
      </p>
      <TokenForm
        attempt={attempt}
        onToken={() => {
          close();
          onToken();
        }}
      />
    </Dialog>
  );
}

/** The browser's own dialog: it keeps the keyboard inside and gives it back afterwards. */
export function Dialog({
  title,
  close,
  children,
  wide = false,
}: {
  readonly title: string;
  readonly close: () => void;
  readonly children: ComponentChildren;
  readonly wide?: boolean;
}): JSX.Element {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog?.open === false) dialog.showModal();
  }, []);
  return (
    <dialog
      ref={ref}
      class={wide ? 'wide' : ''}
      aria-labelledby={titleId}
      onClose={close}
      onClick={(event) => {
        if (event.target === ref.current) ref.current?.close();
      }}
    >
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <button type="button" class="close" aria-label="Close" onClick={() => ref.current?.close()}>
            ×
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
