import type { JSX } from 'preact';
import { actions } from '../api/actions.ts';
import { Select } from '../controls/choice.tsx';
import { useAttempt } from '../hooks/attempt.ts';
import { usePage, usePageState } from '../page/page.ts';
import { THEME_CHOICES } from '../page/theme.ts';
import type { ThemeChoice } from '../page/theme.ts';

const CONNECTION = {
  live: ['good', 'Live'],
  connecting: ['busy', 'Connecting'],
  lost: ['bad', 'No connection'],
} as const;

export function Header({
  themeChoice,
  chooseTheme,
}: {
  readonly themeChoice: ThemeChoice;
  readonly chooseTheme: (choice: ThemeChoice) => void;
}): JSX.Element {
  const connection = usePageState((state) => state.connection);
  const problem = usePageState((state) => state.problem);
  const isLost = usePageState((state) => state.connection === 'lost' && !state.needsToken);
  const [tone, text] = CONNECTION[connection];
  return (
    <header class="top">
      <div class="top-line">
        <Title />
        <span class={`live ${tone}`} role="status">
          <span class="dot" aria-hidden="true" />
          {text}
        </span>
        <div class="theme">
          <Select label="Theme" options={THEME_CHOICES} value={themeChoice} onChange={chooseTheme} />
        </div>
        <Actions />
      </div>
      {isLost && (
        <p class="banner bad" role="alert">
          {problem ?? 'The connection is lost.'} What is shown may be old. Trying again.
        </p>
      )}
    </header>
  );
}

function Title(): JSX.Element {
  const cluster = usePageState(({ status }) => status?.cluster);
  const version = usePageState(({ status }) => status?.process.version);
  return (
    <div class="title">
      <h1>{cluster?.name ?? 'greptime-rebalancer'}</h1>
      <p>
        {cluster?.version ? `GreptimeDB ${cluster.version} · ` : ''}rebalancer {version ?? ''}
      </p>
    </div>
  );
}

function Actions(): JSX.Element | null {
  const page = usePage();
  const isPaused = usePageState(({ status }) => (status?.paused ?? null) !== null);
  const isRunning = usePageState(({ status }) => (status?.cycle ?? null) !== null);
  const isKnown = usePageState(({ status, needsToken }) => status !== null && !needsToken);
  const { isBusy, run } = useAttempt();
  const attempt = (work: () => Promise<unknown>, done: string): void =>
    void run(async () => {
      await work();
      page.say(done);
    });
  if (!isKnown) return null;
  return (
    <div class="actions">
      {isPaused ? (
        <button
          type="button"
          class="button primary"
          disabled={isBusy}
          onClick={() => attempt(actions.resume, 'Resumed.')}
        >
          Resume
        </button>
      ) : (
        <button type="button" class="button" onClick={() => page.open({ kind: 'pause' })}>
          Pause…
        </button>
      )}
      <button
        type="button"
        class="button"
        disabled={isBusy || isRunning}
        title={
          isRunning ? 'A cycle is running already' : 'Begin a cycle instead of waiting for the next tick'
        }
        onClick={() => attempt(actions.trigger, 'A cycle has begun.')}
      >
        Run now
      </button>
      <button type="button" class="button" onClick={() => page.open({ kind: 'drain', datanodes: [] })}>
        Drain…
      </button>
    </div>
  );
}
