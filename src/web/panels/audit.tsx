import type { JSX } from 'preact';
import { Empty, Problem, Section } from '../controls/section.tsx';
import { formatTime } from '../format.ts';
import { useAnswer } from '../hooks/answer.ts';
import { usePageState } from '../page/page.ts';

/** Who did what to the rebalancer. */
export function Audit(): JSX.Element {
  const revision = usePageState((state) => state.auditRevision);
  const { value, problem } = useAnswer('/api/v1/audit', { limit: 20 }, revision);
  const entries = value?.entries ?? [];
  return (
    <Section title="Who did what" id="audit">
      <Problem text={problem} />
      {entries.length === 0 ? (
        <Empty>Nobody has paused, drained or triggered anything yet.</Empty>
      ) : (
        <ul class="audit">
          {entries.map(({ at, who, what, why }, index) => (
            <li key={`${at}/${index}`}>
              <time dateTime={at}>{formatTime(at)}</time>
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
