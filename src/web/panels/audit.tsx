import type { JSX } from 'preact';
import { Empty, Problem, Section } from '../controls/section.tsx';
import { Ago } from '../controls/time.tsx';
import { useAnswer } from '../hooks/answer.ts';
import { usePageState } from '../page/page.ts';

/** Who did what to the rebalancer. */
export function Audit(): JSX.Element {
  const revision = usePageState(({ revisions }) => revisions.audit);
  const { value, problem } = useAnswer('/api/v1/audit', { limit: 20 }, revision);
  const entries = value?.entries ?? [];
  return (
    <Section title="Audit log" id="audit">
      <Problem text={problem} />
      {value === null ? null : entries.length === 0 ? (
        <Empty>No actions recorded.</Empty>
      ) : (
        <ul class="audit">
          {entries.map(({ at, who, what, why }, index) => (
            <li key={`${at}/${index}`}>
              <Ago at={at} />
              <span class="badge calm">{what}</span>
              <span>
                {who}
                {why !== '' && <span class="dim"> · {why}</span>}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
