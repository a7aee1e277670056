import type { ComponentChildren, JSX } from 'preact';
import { BLOCKERS, GATES, GATE_SEVERITY } from '../../domain/codes.ts';
import type { BlockerCode, GateCode } from '../../domain/codes.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { Folded } from '../controls/folded.tsx';
import { Section } from '../controls/section.tsx';
import { Ahead, TextWithTimes } from '../controls/time.tsx';
import { formatCount, plural } from '../format.ts';
import { usePageState } from '../page/page.ts';
import { BLOCKER_STEPS, GATE_STEPS, LOST_STEP } from './next-steps.ts';
import { Quarantine } from './quarantine.tsx';
import { costlyOf, isStuck, isWatched } from './status.ts';

/** A gate's own words that are longer are what a program said: folded. */
const SHORT = 140;

/** The pause, gates, what keeps single regions, and what rests. Not there when nothing is in the way. */
export function Obstacles(): JSX.Element | null {
  const status = usePageState((state) => state.status);
  if (!status) return null;
  const { quarantined, quarantinedDatanodes, paused, dryRun, leader, queue, currentMove } = status;
  const resting = quarantined + quarantinedDatanodes;
  const gates = gatesToTell(status);
  const blocked = costlyOf(status);
  // Between two cycles, too.
  const isStill = isStuck(status) || (gates.length > 0 && currentMove === null);
  const isPaused = paused !== null && leader.leads;
  const isVerdict = status.verdict.code === 'paused';
  const isPausedToo = isPaused && !isVerdict;
  const lookFirst = isVerdict ? status.verdict.detail : null;
  // A dry run ends before it looks at any gate. While the load is only watched nothing is queued yet.
  const isEarly = leader.leads && isWatched(status);
  const isDryRun = dryRun && leader.leads && (queue.length > 0 || isEarly);
  const isLost = status.verdict.code === 'lost-contact';
  if (
    gates.length + blocked.length + resting === 0 &&
    !isPausedToo &&
    lookFirst === null &&
    !isEarly &&
    !isDryRun &&
    !isLost
  )
    return null;
  return (
    <Section title={titleOf(isLost, isStill)} id="obstacles">
      <ul class="obstacles">
        {isLost && (
          <Obstacle tone="warn" code="lost-contact" step={LOST_STEP}>
            <strong>GreptimeDB does not answer:</strong> nothing starts until it does.
            {!dryRun && !isPaused && ' Moves go on by themselves then.'}
          </Obstacle>
        )}
        {isPausedToo && (
          <Obstacle tone="warn" code="paused" step="Press Resume at the top to end that.">
            <strong>Paused, too.</strong>
          </Obstacle>
        )}
        {lookFirst !== null && (
          <Obstacle
            tone="warn"
            code="paused"
            step={`Then press Resume at the top${resting > 0 ? '; Resume needs no Release' : ''}.`}
          >
            <strong>Look first:</strong> {lookFirst}
          </Obstacle>
        )}
        {isEarly && (
          <Obstacle
            tone="warn"
            code="load-not-stable"
            step={dryRun ? 'Until then nothing would move even without the dry run.' : undefined}
          >
            <strong>Too early:</strong>{' '}
            {status.loadPlanAt === null ? (
              'the loads are not known well enough to plan moves.'
            ) : (
              <>
                a plan follows by <Ahead at={status.loadPlanAt} />, if it is still uneven then.
              </>
            )}
          </Obstacle>
        )}
        {isDryRun && (
          <Obstacle tone="warn" code="dry-run" step={GATE_STEPS['dry-run']}>
            <strong>Dry run:</strong> plans are made, and nothing is moved.
          </Obstacle>
        )}
        {gates.map(({ code, detail }) => (
          <Obstacle key={code} tone="warn" code={code} step={GATE_STEPS[code]}>
            <GateText code={code} detail={detail} />
          </Obstacle>
        ))}
        {blocked.map(({ code, count, harmless }) => (
          <Obstacle key={code} tone="calm" code={code} step={BLOCKER_STEPS[code]}>
            <BlockerText
              code={code}
              count={count - harmless}
              isAll={count === status.snapshot?.regions}
              all={count}
              targets={quarantinedDatanodes}
            />
          </Obstacle>
        ))}
      </ul>
      {resting > 0 && <Quarantine count={resting} />}
    </Section>
  );
}

/** What runs in a GreptimeDB that does not answer is not known: only that nothing starts. */
function titleOf(isLost: boolean, isStill: boolean): string {
  if (isLost) return 'Why nothing starts';
  return isStill ? "Why it isn't moving" : 'What is left alone';
}

/** Gates that say no more than the pause, or that this replica stands by. */
const SAID: ReadonlySet<GateCode> = new Set(['paused', 'too-many-failures', 'not-leader', 'dry-run']);

/** Without those that hold up nothing: where no move is left, a limit that passes by itself is none. */
function gatesToTell({ gates, queue, paused, dryRun, leader }: StatusView): StatusView['gates'] {
  return gates.filter(
    ({ code }) =>
      !((paused !== null || dryRun || !leader.leads) && SAID.has(code)) &&
      (GATE_SEVERITY[code] !== 'passes' || queue.length > 0),
  );
}

/** What it is, how it ends, and its code for those who look it up. */
function Obstacle({
  tone,
  code,
  step,
  children,
}: {
  readonly tone: 'warn' | 'calm';
  readonly code: string;
  readonly step: string | undefined;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <li>
      {children} {step} <span class={`badge small ${tone}`}>{code}</span>
    </li>
  );
}

/** What keeps single regions where they are, for one of them or for many. */
function BlockerText({
  code,
  count,
  all,
  isAll,
  targets,
}: {
  readonly code: BlockerCode;
  readonly count: number;
  /** With those that cost no balance. */
  readonly all: number;
  /** Whether that is every region. */
  readonly isAll: boolean;
  /** Datanodes in quarantine. */
  readonly targets: number;
}): JSX.Element {
  // The list below names the datanodes.
  if (code === 'target-quarantined')
    return targets > 1 ? (
      <>
        Migrations to {formatCount(targets)} datanodes failed, so these are in quarantine. Nothing moves to
        them. Their regions stay there.
      </>
    ) : (
      <>
        Migrations to a datanode failed, so it is in quarantine. Nothing moves to it. Its regions stay there.
      </>
    );
  const regions = isAll && all > 1 ? `All ${plural(all, 'region')}` : plural(count, 'region');
  if (code === 'pinned')
    return (
      <>
        <strong>{regions}</strong> {regions.startsWith('1 ') ? 'is' : 'are'} pinned in the configuration.
      </>
    );
  return (
    <>
      <strong>{regions}:</strong> {BLOCKERS[code]}
    </>
  );
}

function GateText({ code, detail }: StatusView['gates'][number]): JSX.Element {
  if (detail.length <= SHORT) return <TextWithTimes text={detail} />;
  return (
    <>
      {GATES[code]} <Folded text={detail} />
    </>
  );
}
