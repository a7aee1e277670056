import type { JSX } from 'preact';
import { actions } from '../api/actions.ts';
import { Select } from '../controls/choice.tsx';
import { useAttempt } from '../hooks/attempt.ts';
import { usePage, usePageState } from '../page/page.ts';
import { ZONE } from '../format.ts';
import { THEME_CHOICES, useTheme } from '../page/theme.ts';

const CONNECTION = {
  live: ['good', 'Live'],
  connecting: ['busy', 'Connecting'],
  lost: ['bad toned', 'No connection'],
  locked: ['busy', 'Token needed'],
} as const;
/** The rebalancer answers, and GreptimeDB does not. */
const NO_ANSWER = ['bad toned', 'GreptimeDB does not answer'] as const;

export function Header(): JSX.Element {
  const [theme, chooseTheme] = useTheme();
  const connection = usePageState((state) => state.connection);
  const problem = usePageState((state) => state.problem);
  const isBlind = usePageState(({ status }) => status?.verdict.code === 'lost-contact');
  const [tone, text] = isBlind && connection === 'live' ? NO_ANSWER : CONNECTION[connection];
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
          {cluster.version ? `GreptimeDB ${cluster.version} · ` : ''}rebalancer {version} · times in {ZONE}
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
  const button = (
    text: string,
    title: string,
    go: () => void,
    { isOff = false, isMain = false } = {},
  ): JSX.Element => (
    <button
      type="button"
      class={`button ${isMain ? 'primary' : ''}`}
      title={leader.leads ? title : 'Only the leader does this'}
      disabled={!leader.leads || isOff}
      onClick={go}
    >
      {text}
    </button>
  );
  return (
    <div class="actions">
      {isPaused
        ? button('Resume', 'Migrations may start again', () => attempt(actions.resume, 'Resumed.'), {
            isMain: true,
            isOff: isBusy,
          })
        : button('Pause…', 'The current migration finishes, no further one starts', () =>
            page.open({ kind: 'pause' }),
          )}
      {button(
        'Trigger',
        triggerText(isPaused, isRunning),
        () => attempt(actions.trigger, 'Cycle triggered.'),
        {
          isOff: isBusy || isRunning || isPaused,
        },
      )}
      {button('Drain…', 'Move every region off datanodes, so that they can be switched off', () =>
        page.open({ kind: 'drain', datanodes: [] }),
      )}
    </div>
  );
}

function triggerText(isPaused: boolean, isRunning: boolean): string {
  if (isPaused) return 'Paused: nothing would be moved. Press Resume first';
  return isRunning ? 'A cycle is running' : 'Plan and move now, without waiting for the schedule';
}
