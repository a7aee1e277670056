import { useEffect, useMemo, useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { Charts } from './charts/charts.tsx';
import { Datanodes } from './datanodes/datanodes.tsx';
import { LoadBars } from './datanodes/load-bars.tsx';
import { RequestedDialog } from './dialogs/requested.tsx';
import { TokenDialog, TokenPanel } from './dialogs/token.tsx';
import { useOpenDialogs } from './dialogs/open-dialogs.ts';
import { keepUpToDate } from './page/live-updates.ts';
import { PageContext, usePageState } from './page/page.ts';
import type { Page } from './page/page.ts';
import type { Store } from './page/state.ts';
import { Audit } from './panels/audit.tsx';
import { Header } from './panels/header.tsx';
import { History } from './panels/history.tsx';
import { Moving } from './panels/moving.tsx';
import { Numbers } from './panels/numbers.tsx';
import { Obstacles } from './panels/obstacles.tsx';
import { Queue } from './panels/queue.tsx';
import { Toasts, useToasts } from './panels/toasts.tsx';
import { isStuck } from './panels/status.ts';
import { NoVerdict, Verdict } from './panels/verdict.tsx';
import { Tables } from './tables/tables.tsx';

export function App({ store }: { readonly store: Store }): JSX.Element {
  const { dialog, open, close, tokenFor, askForToken, closeToken } = useOpenDialogs();
  const [connects, setConnects] = useState(0);
  const { toasts, say } = useToasts();
  useEffect(() => {
    const stop = new AbortController();
    void keepUpToDate(store, stop.signal);
    return () => stop.abort();
  }, [store, connects]);
  const page = useMemo<Page>(() => ({ store, say, open, askForToken }), [store, say, open, askForToken]);
  const connectAgain = (): void => {
    store.set({ connection: 'connecting' });
    setConnects((count) => count + 1);
  };
  return (
    <PageContext.Provider value={page}>
      <a class="skip" href="#main">
        Skip to the verdict
      </a>
      <Header />
      <main id="main">
        <Body onToken={connectAgain} />
      </main>
      {dialog && <RequestedDialog key={dialog.number} request={dialog.request} close={() => close(dialog)} />}
      {tokenFor && <TokenDialog attempt={tokenFor} close={closeToken} onToken={connectAgain} />}
      <Toasts toasts={toasts} />
    </PageContext.Provider>
  );
}

function Body({ onToken }: { readonly onToken: () => void }): JSX.Element {
  const isKnown = usePageState(({ status }) => status !== null);
  const isLocked = usePageState(({ connection }) => connection === 'locked');
  const isSmall = usePageState(({ matrix }) => (matrix?.datanodes.length ?? 0) <= SIDE_BY_SIDE);
  const isHeld = usePageState(({ status }) => status !== null && isStuck(status));
  if (isLocked) return <TokenPanel onToken={onToken} />;
  if (!isKnown) return <NoVerdict />;
  return (
    <>
      <Verdict />
      {isHeld && <Obstacles />}
      <div class="columns">
        <Moving />
        <Queue />
      </div>
      {!isHeld && <Obstacles />}
      <Numbers />
      <LoadBars />
      <div class={isSmall ? 'columns' : 'rows'}>
        <Datanodes />
        <Tables />
      </div>
      <Charts />
      <div class="columns uneven">
        <History />
        <Audit />
      </div>
    </>
  );
}

/** So few datanodes leave half of the width empty. */
const SIDE_BY_SIDE = 6;
