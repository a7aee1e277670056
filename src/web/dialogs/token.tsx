import type { JSX } from 'preact';
import { TokenForm } from '../panels/token-panel.tsx';
import { Dialog } from './dialog.tsx';

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
    <Dialog title="Enter the API token" close={close}>
      <p class="dim">Changes need the API token. This tab keeps it until it is closed.</p>
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
