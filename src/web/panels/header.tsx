import type { JSX } from 'preact';
import type { StatusView } from '../../server/api/answers.ts';
import { actions } from '../api/actions.ts';
import { ActionButton } from '../controls/action-button.tsx';
import { Select } from '../controls/choice.tsx';
import { Folded } from '../controls/folded.tsx';
import { useAttempt } from '../hooks/attempt.ts';
import { usePage, usePageState } from '../page/page.ts';
import { formatClock, ZONE } from '../format.ts';
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
      {connection === 'lost' && <LostBanner problem={problem ?? 'The connection is lost.'} />}
    </header>
  );
}

/** A longer answer of the server is folded: it would push down what is to be read. */
const SHORT = 100;

function LostBanner({ problem }: { readonly problem: string }): JSX.Element {
  const isShort = problem.length <= SHORT;
  return (
    <div class="banner bad" role="alert">
      {isShort ? problem : 'The rebalancer cannot answer.'} What is shown may be old. Trying again…
      <Folded text={isShort ? null : problem} />
    </div>
  );
}

function Title(): JSX.Element {
  const cluster = usePageState(({ status }) => status?.cluster);
  const version = usePageState(({ status }) => status?.process.version);
  // Another one each minute; no live region, so nobody is told of it.
  const nowMs = usePageState(({ nowMs: ms }) => Math.floor(ms / 60_000) * 60_000);
  return (
    <div class="title">
      <h1>{cluster?.name ?? 'greptime-rebalancer'}</h1>
      {cluster && (
        <p>
          {cluster.version ? `GreptimeDB ${cluster.version} · ` : ''}rebalancer {version} · times in {ZONE}
          {nowMs > 0 && `, now\u00a0${formatClock(new Date(nowMs).toISOString(), nowMs)}`}
        </p>
      )}
    </div>
  );
}

function Actions(): JSX.Element | null {
  const page = usePage();
  const status = usePageState((state) => state.status);
  const isLocked = usePageState(({ connection }) => connection === 'locked');
  const { isBusy, run } = useAttempt();
  const attempt = (work: () => Promise<unknown>, done: string): void =>
    void run(async () => {
      await work();
      page.say(done);
    });
  if (!status || isLocked) return null;
  const { leader, paused, cycle, dryRun } = status;
  const standby = leader.leads ? undefined : standbyText(leader);
  return (
    <div class="actions">
      {paused ? (
        <ActionButton
          text="Resume"
          title="Moves may start again, with the next cycle"
          whyNot={standby}
          isMain
          isBusy={isBusy}
          go={() =>
            attempt(actions.resume, 'Resumed: moves start with the next cycle. Trigger starts it now.')
          }
        />
      ) : (
        <ActionButton
          text="Pause…"
          title={
            dryRun
              ? 'The dry run moves nothing anyway; the pause would hold after it, too'
              : 'The current migration finishes, no further one starts'
          }
          whyNot={standby}
          go={() => page.open({ kind: 'pause' })}
        />
      )}
      <ActionButton
        text="Trigger"
        title={
          dryRun
            ? 'Plan now, without waiting for the schedule; the dry run moves nothing'
            : 'Plan and move now, without waiting for the schedule'
        }
        whyNot={
          standby ??
          (paused ? 'Paused: nothing would be moved. Press Resume first.' : undefined) ??
          (cycle ? 'A cycle is running already.' : undefined)
        }
        isBusy={isBusy}
        go={() => attempt(actions.trigger, 'Cycle triggered.')}
      />
      <ActionButton
        text="Drain…"
        title="Move every region off datanodes, so that they can be switched off"
        whyNot={standby}
        go={() => page.open({ kind: 'drain', datanodes: [] })}
      />
    </div>
  );
}

function standbyText({ holder }: StatusView['leader']): string {
  return `This replica stands by: only the leader${holder === null ? '' : `, ${holder},`} does this.`;
}
