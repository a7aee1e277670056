import type { JSX } from 'preact';
import { BLOCKERS, GATES } from '../../domain/codes.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { Folded } from '../controls/folded.tsx';
import { Section } from '../controls/section.tsx';
import { formatCount } from '../format.ts';
import { usePageState } from '../page/page.ts';
import { Quarantine } from './quarantine.tsx';

/** A gate's own words that are longer are what a program said: folded. */
const SHORT = 140;

/** Gates that the headline says already. */
const SAID: Partial<Record<StatusView['verdict']['code'], readonly string[]>> = {
  paused: ['paused', 'too-many-failures'],
  'dry-run': ['dry-run'],
  standby: ['not-leader'],
};

/** Gates, what keeps single regions, and what rests. Not there when nothing is in the way. */
export function Obstacles(): JSX.Element | null {
  const status = usePageState((state) => state.status);
  if (!status) return null;
  const { quarantined, quarantinedDatanodes, verdict } = status;
  const resting = quarantined + quarantinedDatanodes;
  const gates = status.gates.filter(({ code }) => SAID[verdict.code]?.includes(code) !== true);
  // What rests where it should be is in nobody's way.
  const blocked = status.blocked.filter(({ count, harmless }) => count > harmless);
  if (gates.length + blocked.length + resting === 0) return null;
  return (
    <Section title="Why it isn't moving" id="obstacles">
      {gates.length + blocked.length > 0 && (
        <ul class="obstacles">
          {gates.map(({ code, detail }) => (
            <li key={code}>
              <span class="badge warn">{code}</span> <GateText code={code} detail={detail} />
            </li>
          ))}
          {blocked.map(({ code, count, harmless }) => (
            <li key={code}>
              <span class="badge calm">
                {formatCount(count - harmless)} × {code}
              </span>{' '}
              {BLOCKERS[code]} {code === 'pinned' && 'See pins.tables and pins.regions in the configuration.'}
            </li>
          ))}
        </ul>
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
