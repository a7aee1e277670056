import type { ButtonHTMLAttributes, JSX } from 'preact';
import { actions } from '../api/actions.ts';
import { Select } from '../controls/choice.tsx';
import { useAttempt } from '../hooks/attempt.ts';
import { usePage, usePageState } from '../page/page.ts';
import { THEME_CHOICES, useTheme } from '../page/theme.ts';

const CONNECTION = {
  live: ['good', 'Live'],
  connecting: ['busy', 'Connecting'],
  lost: ['bad toned', 'No connection'],
  locked: ['busy', 'Token needed'],
} as const;

export function Header(): JSX.Element {
  const [theme, chooseTheme] = useTheme();
  const connection = usePageState((state) => state.connection);
  const problem = usePageState((state) => state.problem);
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
          <Select label="Theme" options={THEME_CHOICES} value={theme} onChange={chooseTheme} />
        </div>
        <Actions />
      </div>
      {connection === 'lost' && (
        <p class="banner bad" role="alert">
          {problem ?? 'The connection is lost.'} What is shown may be old. Trying again…
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
      {cluster && (
        <p>
          {cluster.version ? `GreptimeDB ${cluster.version} · ` : ''}rebalancer {version}
        </p>
      )}
    </div>
  );
}

function Actions(): JSX.Element | null {
  const page = usePage();
  const leader = usePageState(({ status }) => status?.leader);
  const isPaused = usePageState(({ status }) => (status?.paused ?? null) !== null);
  const isRunning = usePageState(({ status }) => (status?.cycle ?? null) !== null);
  const isLocked = usePageState(({ connection }) => connection === 'locked');
  const { isBusy, run } = useAttempt();
  const attempt = (work: () => Promise<unknown>, done: string): void =>
    void run(async () => {
      await work();
      page.say(done);
    });
  if (!leader || isLocked) return null;
  const button = (text: string, go: () => void, more: ButtonHTMLAttributes = {}): JSX.Element => (
    <button
      type="button"
      class="button"
      title={leader.leads ? undefined : 'Only the leader does this'}
      {...more}
      disabled={!leader.leads || more.disabled === true}
      onClick={go}
    >
      {text}
    </button>
  );
  return (
    <div class="actions">
      {isPaused
        ? button('Resume', () => attempt(actions.resume, 'Resumed.'), {
            class: 'button primary',
            disabled: isBusy,
          })
        : button('Pause…', () => page.open({ kind: 'pause' }))}
      {button('Trigger', () => attempt(actions.trigger, 'Cycle triggered.'), {
        disabled: isBusy || isRunning,
        ...(leader.leads && { title: isRunning ? 'A cycle is running' : 'Start a cycle now' }),
      })}
      {button('Drain…', () => page.open({ kind: 'drain', datanodes: [] }))}
    </div>
  );
}
