import type { JSX } from 'preact';
import type { Page } from '../app.tsx';
import { actions } from '../actions.ts';
import { useAttempt } from '../dialogs/attempt.ts';
import { useModel } from '../model.ts';
import { THEME_CHOICES } from '../theme.ts';
import type { ThemeChoice } from '../theme.ts';

const CONNECTION = {
  live: ['good', 'Live'],
  connecting: ['busy', 'Connecting'],
  lost: ['bad', 'No connection'],
} as const;

export function Header({
  page,
  themeChoice,
  chooseTheme,
}: {
  readonly page: Page;
  readonly themeChoice: ThemeChoice;
  readonly chooseTheme: (choice: ThemeChoice) => void;
}): JSX.Element {
  const connection = useModel(page.store, (model) => model.connection);
  const problem = useModel(page.store, (model) => model.problem);
  const hasLost = useModel(page.store, (model) => model.connection === 'lost' && !model.needsToken);
  const [tone, text] = CONNECTION[connection];
  return (
    <header class="top">
      <div class="top-line">
        <Title page={page} />
        <span class={`live ${tone}`} role="status">
          <span class="dot" aria-hidden="true" />
          {text}
        </span>
        <label class="theme">
          <span class="hidden">Theme</span>
          <select value={themeChoice} onChange={(event) => chooseTheme(asTheme(event.currentTarget.value))}>
            {THEME_CHOICES.map((choice) => (
              <option key={choice} value={choice}>
                {THEME_TEXT[choice]}
              </option>
            ))}
          </select>
        </label>
        <Actions page={page} />
      </div>
      {hasLost && (
        <p class="banner bad" role="alert">
          {problem ?? 'The connection is lost.'} What is shown may be old. Trying again.
        </p>
      )}
    </header>
  );
}

const THEME_TEXT = { auto: 'System theme', light: 'Light', dark: 'Dark' } as const;

function asTheme(value: string): ThemeChoice {
  return THEME_CHOICES.find((choice) => choice === value) ?? 'auto';
}

function Title({ page }: { readonly page: Page }): JSX.Element {
  const cluster = useModel(page.store, (model) => model.status?.cluster);
  const version = useModel(page.store, (model) => model.status?.process.version);
  return (
    <div class="title">
      <h1>{cluster?.name ?? 'greptime-rebalancer'}</h1>
      <p>
        {cluster?.version ? `GreptimeDB ${cluster.version} · ` : ''}rebalancer {version ?? ''}
      </p>
    </div>
  );
}

function Actions({ page }: { readonly page: Page }): JSX.Element | null {
  const isPaused = useModel(page.store, (model) => (model.status?.paused ?? null) !== null);
  const isRunning = useModel(page.store, (model) => (model.status?.cycle ?? null) !== null);
  const isKnown = useModel(page.store, (model) => model.status !== null && !model.needsToken);
  const { isBusy, run } = useAttempt(page);
  const attempt = (work: () => Promise<unknown>, done: string): Promise<boolean> =>
    run(async () => {
      await work();
      page.say(done, 'good');
    });
  if (!isKnown) return null;
  return (
    <div class="actions" role="group" aria-label="Actions">
      {isPaused ? (
        <button
          type="button"
          class="button primary"
          disabled={isBusy}
          onClick={() => void attempt(actions.resume, 'Resumed.')}
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
        onClick={() => void attempt(actions.trigger, 'A cycle has begun.')}
      >
        Run now
      </button>
      <button type="button" class="button" onClick={() => page.open({ kind: 'drain', datanodes: [] })}>
        Drain…
      </button>
    </div>
  );
}
