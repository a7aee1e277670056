import type { JSX } from 'preact';
import { get } from '../api.ts';
import type { Page } from '../app.tsx';
import { formatTime } from '../format.ts';
import { useLoaded } from '../hooks.ts';
import { useModel } from '../model.ts';
import type { AuditView } from '../model.ts';
import { Empty, Problem, Section } from './parts.tsx';

/** Who did what to the rebalancer. */
export function Audit({ page }: { readonly page: Page }): JSX.Element {
  const revision = useModel(page.store, (model) => model.auditRevision);
  const { value, problem } = useLoaded(String(revision), (signal) =>
    get<AuditView>('/api/v1/audit', { limit: 20 }, signal),
  );
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
