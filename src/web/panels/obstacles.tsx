import type { JSX } from 'preact';
import { BLOCKERS, GATES } from '../../domain/codes.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { Folded } from '../controls/folded.tsx';
import { Section } from '../controls/section.tsx';
import { formatCount } from '../format.ts';
import { usePageState } from '../page/page.ts';
import { PauseText } from './pause-text.tsx';
import { Quarantine } from './quarantine.tsx';

/** A gate's own words that are longer are what a program said: folded. */
const SHORT = 140;

/** Gates, what keeps single regions, and what rests. Not there when nothing is in the way. */
export function Obstacles(): JSX.Element | null {
  const status = usePageState((state) => state.status);
  if (!status) return null;
  const { gates, quarantined, quarantinedDatanodes, verdict } = status;
  const resting = quarantined + quarantinedDatanodes;
  // What rests after a move is in nobody's way once all is balanced.
  const blocked = verdict.code === 'balanced' ? [] : status.blocked;
  if (gates.length + blocked.length + resting === 0) return null;
  return (
    <Section title={gates.length > 0 ? "Why it isn't moving" : 'Blocked regions'} id="obstacles">
      <ul class="obstacles">
        {gates.map(({ code, detail }) => (
          <li key={code}>
            <span class="badge warn">{code}</span>{' '}
            {code === 'paused' ? <PauseText status={status} /> : <GateText code={code} detail={detail} />}
          </li>
        ))}
        {blocked.map(({ code, count, harmless }) => (
          <li key={code} class={harmless === count ? 'dim' : ''}>
            <span class="badge calm">
              {formatCount(count)} × {code}
            </span>{' '}
            {BLOCKERS[code]}
          </li>
        ))}
      </ul>
      {blocked.some(({ count, harmless }) => harmless === count) && (
        <p class="dim small">Dimmed: held, but already in the right place.</p>
      )}
      {resting > 0 && <Quarantine count={resting} />}
    </Section>
  );
}

function GateText({ code, detail }: StatusView['gates'][number]): JSX.Element {
  if (detail.length <= SHORT) return <>{detail}</>;
  return (
    <>
      {GATES[code]} <Folded text={detail} />
    </>
  );
}
