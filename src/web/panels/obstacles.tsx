import type { ComponentChildren, JSX } from 'preact';
import { BLOCKERS, GATES, GATE_SEVERITY } from '../../domain/codes.ts';
import type { GateCode } from '../../domain/codes.ts';
import type { StatusView, Verdict } from '../../server/api/answers.ts';
import { Folded } from '../controls/folded.tsx';
import { Section } from '../controls/section.tsx';
import { Ahead, TextWithTimes } from '../controls/time.tsx';
import { plural } from '../format.ts';
import { usePageState } from '../page/page.ts';
import { BLOCKER_STEPS, GATE_STEPS } from './next-steps.ts';
import type { StatusProps } from './progress.tsx';
import { Quarantine } from './quarantine.tsx';

/** A gate's own words that are longer are what a program said: folded. */
const SHORT = 140;

const STUCK: ReadonlySet<Verdict> = new Set([
  ...(['blocked', 'attention', 'paused', 'dry-run', 'nothing-selected', 'lost-contact'] as const),
]);

/** Whether nothing moves though something should: why that is so comes first then. At the hourly limit a balancing cluster waits as well. */
export function isStuck({ verdict, gates, cycle }: StatusView): boolean {
  return STUCK.has(verdict.code) || (cycle === null && gates.some(({ code }) => code === 'hourly-limit'));
}

/** The pause, gates, what keeps single regions, and what rests. Not there when nothing is in the way. */
export function Obstacles(): JSX.Element | null {
  const status = usePageState((state) => state.status);
  if (!status) return null;
  const { quarantined, quarantinedDatanodes, paused, dryRun, leader, queue, currentMove } = status;
  const resting = quarantined + quarantinedDatanodes;
  const gates = gatesToTell(status);
  // What rests where it should be is in nobody's way.
  const blocked = status.blocked.filter(({ count, harmless }) => count > harmless);
  // Between two cycles, too.
  const isStill = isStuck(status) || (gates.length > 0 && currentMove === null);
  const isPaused = paused !== null && leader.leads;
  // A dry run ends before it looks at any gate.
  const isDryRun = dryRun && leader.leads && queue.length > 0;
  if (gates.length + blocked.length + resting === 0 && !isPaused && !isDryRun) return null;
  return (
    <Section title={isStill ? "Why it isn't moving" : 'What is left alone'} id="obstacles">
      <ul class="obstacles">
        {isPaused && <Pause status={status} />}
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
            <strong>{plural(count - harmless, 'region')}:</strong> {BLOCKERS[code]}
          </Obstacle>
        ))}
      </ul>
      {resting > 0 && <Quarantine count={resting} />}
    </Section>
  );
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

function Pause({ status: { paused, currentMove } }: StatusProps): JSX.Element {
  const until = paused?.until ?? null;
  return (
    <Obstacle tone="warn" code="paused" step={undefined}>
      <strong>The rebalancer is paused</strong>
      {until === null ? (
        ' until somebody presses Resume, at the top.'
      ) : (
        <>
          {' '}
          until <Ahead at={until} />. Resume, at the top, ends that earlier.
        </>
      )}
      {currentMove && ' The migration under way finishes.'}
    </Obstacle>
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
