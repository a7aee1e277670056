import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError, get, keepToken } from '../api.ts';
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
      <TokenForm onToken={onToken} />
    </section>
  );
}

export function TokenForm({ onToken }: { readonly onToken: () => void }): JSX.Element {
  const [token, setToken] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (): Promise<void> => {
    keepToken(token.trim());
    try {
      await get('/api/v1/status');
      onToken();
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : 'The token could not be tried.');
    }
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
          onInput={(event) => setToken(event.currentTarget.value)}
        />
      </label>
      <Problem text={problem} />
      <div class="form-end">
        <button type="submit" class="button primary">
          Use this token
        </button>
      </div>
    </form>
  );
}
