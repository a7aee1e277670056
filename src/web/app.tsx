import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { RequestedDialog, TokenDialog } from './dialogs/dialogs.tsx';
import type { DialogRequest } from './dialogs/dialogs.tsx';
import { follow } from './follow.ts';
import { useModel } from './model.ts';
import type { Store } from './model.ts';
import { useTheme } from './theme.ts';
import { Audit } from './views/audit.tsx';
import { Charts } from './views/charts.tsx';
import { Datanodes } from './views/datanodes.tsx';
import { Header } from './views/header.tsx';
import { Heatmap } from './views/heatmap.tsx';
import { History } from './views/history.tsx';
import { Moving } from './views/moving.tsx';
import { Obstacles } from './views/obstacles.tsx';
import { Queue } from './views/queue.tsx';
import { Toasts, useToasts } from './views/toasts.tsx';
import { TokenPanel } from './views/token-panel.tsx';
import { Verdict, VerdictSkeleton } from './views/verdict.tsx';

/** What any part of the page may ask for. */
export interface Page {
  readonly store: Store;
  readonly open: (request: DialogRequest) => void;
  /** Asks for the token and attempts again with it. `attempt` rejects with status 401 while the token is a wrong one. */
  readonly askForToken: (attempt: () => Promise<void>) => void;
  readonly say: (text: string, tone?: 'good' | 'bad') => void;
}

export function App({ store }: { readonly store: Store }): JSX.Element {
  const { dialog, open, close, tokenFor, askForToken, closeToken } = useDialogs();
  const [attempt, setAttempt] = useState(0);
  const { toasts, say } = useToasts();
  const { theme, choice, choose } = useTheme();
  const needsToken = useModel(store, (model) => model.needsToken);
  useEffect(() => {
    const stop = new AbortController();
    void follow(store, stop.signal);
    return () => stop.abort();
  }, [store, attempt]);
  const retry = useCallback(() => {
    store.set({ needsToken: false });
    setAttempt((count) => count + 1);
  }, [store]);
  const page: Page = { store, say, open, askForToken };
  return (
    <>
      <a class="skip" href="#main">
        Skip to the verdict
      </a>
      <Header page={page} themeChoice={choice} chooseTheme={choose} />
      <main id="main">
        {needsToken ? <TokenPanel onToken={retry} /> : <Body page={page} theme={theme} />}
      </main>
      {dialog && (
        <RequestedDialog
          key={dialog.number}
          page={page}
          request={dialog.request}
          close={() => close(dialog)}
        />
      )}
      {tokenFor && <TokenDialog attempt={tokenFor} close={closeToken} onToken={retry} />}
      <Toasts toasts={toasts} />
    </>
  );
}

interface Dialogs {
  readonly dialog: OpenDialog | null;
  readonly open: (request: DialogRequest) => void;
  readonly close: (dialog: OpenDialog) => void;
  readonly tokenFor: (() => Promise<void>) | null;
  readonly askForToken: (attempt: () => Promise<void>) => void;
  readonly closeToken: () => void;
}

/** Each time that one opens, it is another. */
interface OpenDialog {
  readonly number: number;
  readonly request: DialogRequest;
}

/** One dialog at a time, and over it the question for the token. When none is left, the keyboard is not lost with it. */
function useDialogs(): Dialogs {
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const [tokenFor, setTokenFor] = useState<(() => Promise<void>) | null>(null);
  const cameFrom = useRef<Element | null>(null);
  const opened = useRef(0);
  const open = useCallback((request: DialogRequest) => {
    cameFrom.current ??= document.activeElement;
    opened.current += 1;
    setDialog({ number: opened.current, request });
  }, []);
  const askForToken = useCallback((attempt: () => Promise<void>) => {
    cameFrom.current ??= document.activeElement;
    setTokenFor(() => attempt);
  }, []);
  // The browser tells of a closed dialog a little later, when the next one may be there already.
  const close = useCallback((closed: OpenDialog) => setDialog((now) => (now === closed ? null : now)), []);
  const closeToken = useCallback(() => setTokenFor(null), []);
  const isNoneOpen = dialog === null && tokenFor === null;
  useLayoutEffect(() => {
    if (!isNoneOpen) return;
    const from = cameFrom.current;
    cameFrom.current = null;
    // The browser gives it back by itself, unless one dialog took the place of another.
    if (document.activeElement === document.body && from instanceof HTMLElement) from.focus();
  }, [isNoneOpen]);
  return { dialog, open, close, tokenFor, askForToken, closeToken };
}

function Body({ page, theme }: { readonly page: Page; readonly theme: 'light' | 'dark' }): JSX.Element {
  const isKnown = useModel(page.store, (model) => model.status !== null);
  const [when, setWhen] = useState<'now' | 'after'>('now');
  if (!isKnown) return <VerdictSkeleton store={page.store} />;
  return (
    <>
      <Verdict page={page} />
      <div class="columns">
        <Moving page={page} />
        <Queue page={page} />
      </div>
      <Obstacles page={page} />
      <Datanodes page={page} theme={theme} when={when} setWhen={setWhen} />
      <Heatmap page={page} when={when} setWhen={setWhen} />
      <Charts page={page} />
      <History page={page} />
      <Audit page={page} />
    </>
  );
}
