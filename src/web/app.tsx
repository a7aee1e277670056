import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { Dialogs } from './dialogs/dialogs.tsx';
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
  readonly say: (text: string, tone?: 'good' | 'bad') => void;
}

export function App({ store }: { readonly store: Store }): JSX.Element {
  const { dialog, open, close } = useDialog();
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
  const page: Page = { store, say, open };
  return (
    <>
      <a class="skip" href="#main">
        Skip to the verdict
      </a>
      <Header page={page} themeChoice={choice} chooseTheme={choose} />
      <main id="main">
        {needsToken ? <TokenPanel onToken={retry} /> : <Body page={page} theme={theme} />}
      </main>
      <Dialogs page={page} request={dialog} close={close} onToken={retry} />
      <Toasts toasts={toasts} />
    </>
  );
}

/** One dialog at a time. When the last one closes, the keyboard is back where it was before the first. */
function useDialog(): {
  readonly dialog: DialogRequest | null;
  readonly open: (request: DialogRequest) => void;
  readonly close: () => void;
} {
  const [dialog, setDialog] = useState<DialogRequest | null>(null);
  const cameFrom = useRef<Element | null>(null);
  const open = useCallback((request: DialogRequest) => {
    cameFrom.current ??= document.activeElement;
    setDialog(request);
  }, []);
  const close = useCallback(() => {
    const from = cameFrom.current;
    cameFrom.current = null;
    setDialog(null);
    if (from instanceof HTMLElement) setTimeout(() => from.focus());
  }, []);
  return { dialog, open, close };
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
