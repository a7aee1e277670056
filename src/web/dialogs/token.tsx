import type { JSX } from 'preact';
import { forgetToken, get, keepToken } from '../api/client.ts';
import { Field, Form } from '../controls/form.tsx';
import { messageOf, needsToken, useWork } from '../hooks/attempt.ts';
import { Dialog } from './dialog.tsx';

const TITLE = 'Enter the API token';

/** Where even reading needs the token. */
export function TokenPanel({ onToken }: { readonly onToken: () => void }): JSX.Element {
  return (
    <section class="card token-panel" aria-labelledby="token-title">
      <h2 id="token-title">{TITLE}</h2>
      <p class="dim">
        This rebalancer shows nothing without it. It is in the file that server.tokenFile of the configuration
        names. This tab keeps it until it is closed.
      </p>
      <TokenForm attempt={() => get('/api/v1/status')} onToken={onToken} />
    </section>
  );
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
    <Dialog title={TITLE} close={close}>
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

/** A token is right when what needs it succeeds. A wrong one is forgotten, and the form stays. */
function TokenForm({
  attempt,
  onToken,
}: {
  readonly attempt: () => Promise<unknown>;
  readonly onToken: () => void;
}): JSX.Element {
  const work = useWork((error) => {
    if (needsToken(error)) forgetToken();
    return messageOf(error);
  });
  return (
    <Form
      attempt={work}
      work={async ({ token = '' }) => {
        keepToken(token);
        await attempt();
        onToken();
      }}
      submit="Use this token"
    >
      <Field label="Token" name="token" type="password" autoComplete="off" required />
    </Form>
  );
}
