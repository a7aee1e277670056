import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { actions } from '../api/actions.ts';
import { DetailsButton } from '../controls/details-button.tsx';
import { Problem } from '../controls/section.tsx';
import { formatTime, plural } from '../format.ts';
import { useAnswer } from '../hooks/answer.ts';
import { useAttempt } from '../hooks/attempt.ts';
import { usePage } from '../page/page.ts';

const SHOWN = 50;

/** Regions that rest after failed migrations. */
export function Quarantine({ count }: { readonly count: number }): JSX.Element {
  const page = usePage();
  const [released, setReleased] = useState(0);
  const { value, problem } = useAnswer('/api/v1/quarantine', {}, `${count}/${released}`);
  const { isBusy, run } = useAttempt();
  const release = async (regionId: string): Promise<void> => {
    await actions.release(regionId);
    page.say(`Region ${regionId} may be moved again.`);
    setReleased((before) => before + 1);
  };
  return (
    <>
      <h3>In quarantine</h3>
      <Problem text={problem} />
      <ul class="obstacles">
        {value?.quarantined.slice(0, SHOWN).map(({ regionId, failures, until, detail }) => (
          <li key={regionId}>
            <DetailsButton what="region" id={regionId}>
              Region {regionId}
            </DetailsButton>{' '}
            failed {plural(failures, 'time')}, rests until {formatTime(until)}: {detail}{' '}
            <button
              type="button"
              class="button small"
              disabled={isBusy}
              onClick={() => void run(() => release(regionId))}
            >
              Release
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
