import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { BLOCKERS, GATES } from '../../domain/codes.ts';
import { actions } from '../actions.ts';
import { get } from '../api.ts';
import type { Page } from '../app.tsx';
import { useAttempt } from '../dialogs/attempt.ts';
import { formatCount, formatTime, plural } from '../format.ts';
import { useLoaded } from '../hooks.ts';
import { useModel } from '../model.ts';
import { Explain, Problem, Section } from './parts.tsx';

/** What forbids acting, what keeps single regions, and what rests. Not there when nothing is in the way. */
export function Obstacles({ page }: { readonly page: Page }): JSX.Element | null {
  const gates = useModel(page.store, (model) => model.status?.gates) ?? [];
  // What rests after a move is in nobody's way once all is balanced.
  const isBalanced = useModel(page.store, (model) => model.status?.verdict.code === 'balanced');
  const known = useModel(page.store, (model) => model.status?.blocked) ?? [];
  const blocked = isBalanced ? [] : known;
  const quarantined = useModel(page.store, (model) => model.status?.quarantined ?? 0);
  const cooling = useModel(page.store, (model) => model.status?.cooling ?? 0);
  if (gates.length + blocked.length + quarantined === 0) return null;
  return (
    <Section
      title="In the way"
      id="obstacles"
      aside={
        cooling > 0 && <span class="dim">{`${plural(cooling, 'region')} cooling down after a move`}</span>
      }
    >
      <ul class="obstacles">
        {gates.map(({ code, detail }) => (
          <li key={code}>
            <span class="badge warn">{code}</span> {detail === '' ? GATES[code] : detail}
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
      {quarantined > 0 && <Quarantine page={page} count={quarantined} />}
    </Section>
  );
}

interface QuarantineAnswer {
  readonly quarantined: readonly {
    readonly regionId: string;
    readonly failures: number;
    readonly until: string;
    readonly detail: string;
  }[];
}

function Quarantine({ page, count }: { readonly page: Page; readonly count: number }): JSX.Element {
  const [released, setReleased] = useState(0);
  const { value, problem } = useLoaded(`${count}/${released}`, (signal) =>
    get<QuarantineAnswer>('/api/v1/quarantine', {}, signal),
  );
  const { isBusy, run } = useAttempt(page);
  const release = (regionId: string): Promise<boolean> =>
    run(async () => {
      await actions.release(regionId);
      page.say(`Region ${regionId} may be moved again.`, 'good');
      setReleased((before) => before + 1);
    });
  return (
    <>
      <h3>In quarantine</h3>
      <Problem text={problem} />
      <ul class="obstacles">
        {value?.quarantined.slice(0, 50).map(({ regionId, failures, until, detail }) => (
          <li key={regionId}>
            <Explain page={page} kind="region" id={regionId}>
              Region {regionId}
            </Explain>{' '}
            failed {plural(failures, 'time')}, rests until {formatTime(until)}: {detail}{' '}
            <button
              type="button"
              class="button small"
              disabled={isBusy}
              onClick={() => void release(regionId)}
            >
              Release
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
