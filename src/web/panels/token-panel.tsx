import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { forgetToken, get, keepToken } from '../api/client.ts';
import { Form, TextField } from '../controls/form.tsx';
import { messageOf, needsToken, useWork } from '../hooks/attempt.ts';

/** Where even reading needs the token. */
export function TokenPanel({ onToken }: { readonly onToken: () => void }): JSX.Element {
  return (
    <section class="card token-panel" aria-labelledby="token-title">
      <h2 id="token-title">Enter the API token</h2>
      <p class="dim">
        This rebalancer shows nothing without it. It is in the file that server.tokenFile of the configuration
        names. This tab keeps it until it is closed.
      </p>
      <TokenForm attempt={() => get('/api/v1/status')} onToken={onToken} />
    </section>
  );
}

/** A token is right when what needs it succeeds. A wrong one is forgotten, and the form stays. */
export function TokenForm({
  attempt,
  onToken,
}: {
  readonly attempt: () => Promise<unknown>;
  readonly onToken: () => void;
}): JSX.Element {
  const [token, setToken] = useState('');
  const work = useWork((error) => {
    if (needsToken(error)) forgetToken();
    return messageOf(error);
  });
  const submit = async (): Promise<void> => {
    keepToken(token.trim());
    await attempt();
    onToken();
  };
  return (
    <Form attempt={work} work={submit} submit="Use this token">
      <TextField label="Token" isSecret autoComplete="off" required value={token} onText={setToken} />
    </Form>
  );
}
