import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { messageOf, needsToken } from '../actions.ts';
import { forgetToken, get, keepToken } from '../api.ts';
import { Problem } from './parts.tsx';

/** Where even reading needs the token. */
export function TokenPanel({ onToken }: { readonly onToken: () => void }): JSX.Element {
  return (
    <section class="card token-panel" aria-labelledby="token-title">
      <h2 id="token-title">This rebalancer shows itself only with its token</h2>
      <p class="dim">
        It is in the file that server.tokenFile of the configuration names. It is kept until this tab is
        closed.
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
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    keepToken(token.trim());
    try {
      await attempt();
      onToken();
    } catch (error) {
      if (needsToken(error)) forgetToken();
      setProblem(messageOf(error));
    }
    setBusy(false);
  };
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <label>
        Token
        <input
          type="password"
          autoComplete="off"
          required
          value={token}
          disabled={isBusy}
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>
      <Problem text={problem} />
      <div class="form-end">
        <button type="submit" class="button primary" disabled={isBusy}>
          Use this token
        </button>
      </div>
    </form>
  );
}
