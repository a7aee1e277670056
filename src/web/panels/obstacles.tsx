import type { JSX } from 'preact';
import { BLOCKERS } from '../../domain/codes.ts';
import { Section } from '../controls/section.tsx';
import { formatCount, plural } from '../format.ts';
import { usePageState } from '../page/page.ts';
import { Quarantine } from './quarantine.tsx';

/** What forbids acting, what keeps single regions, and what rests. Not there when nothing is in the way. */
export function Obstacles(): JSX.Element | null {
  const status = usePageState((state) => state.status);
  if (!status) return null;
  const { gates, quarantined, cooling } = status;
  // What rests after a move is in nobody's way once all is balanced.
  const blocked = status.verdict.code === 'balanced' ? [] : status.blocked;
  if (gates.length + blocked.length + quarantined === 0) return null;
  const aside = cooling > 0 && <span class="dim">{plural(cooling, 'region')} cooling down after a move</span>;
  return (
    <Section title="In the way" id="obstacles" aside={aside}>
      <ul class="obstacles">
        {gates.map(({ code, detail }) => (
          <li key={code}>
            <span class="badge warn">{code}</span> {detail}
          </li>
        ))}
        {blocked.map(({ code, count }) => (
          <li key={code}>
            <span class="badge calm">
              {formatCount(count)} × {code}
            </span>{' '}
            {BLOCKERS[code]}
          </li>
        ))}
      </ul>
      {quarantined > 0 && <Quarantine count={quarantined} />}
    </Section>
  );
}
