import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { CAUSES, FIRST_STEPS, isCause } from '../../domain/causes.ts';
import { actions } from '../api/actions.ts';
import type { Answers } from '../api/client.ts';
import { DataTable } from '../controls/data-table.tsx';
import type { Column } from '../controls/data-table.tsx';
import { DetailsButton } from '../controls/details-button.tsx';
import { MoveButton } from '../controls/move.tsx';
import { NotShown, Problem } from '../controls/section.tsx';
import { Ahead } from '../controls/time.tsx';
import { formatCount, plural } from '../format.ts';
import { useAnswer } from '../hooks/answer.ts';
import { useAttempt } from '../hooks/attempt.ts';
import { usePage, usePageState } from '../page/page.ts';

type Quarantined = Answers['/api/v1/quarantine'];
type Held = Quarantined['quarantined'][number];
type HeldDatanode = Quarantined['datanodes'][number];

const SHOWN = 50;

/** Datanodes and regions that rest after failed migrations; the regions by what was wrong. */
export function Quarantine({ count }: { readonly count: number }): JSX.Element {
  const { value, problem } = useAnswer('/api/v1/quarantine', {}, count);
  const shown = value?.quarantined.slice(0, SHOWN) ?? [];
  // What is to be done about the datanodes: the detail of each begins with its cause.
  const steps = value?.datanodes.map(({ detail }) => stepOf(detail.split(':')[0] ?? '')) ?? [];
  // The verdict may have said it.
  const said = usePageState(({ status }) => status?.verdict.detail ?? '');
  const isNew = (text: string): boolean => text !== '' && !said.includes(text);
  const told = [...new Set(steps)].filter(isNew);
  return (
    <>
      <h3>In quarantine</h3>
      <Problem text={problem} />
      {told.map((step) => (
        <p key={step}>
          <strong>What to do:</strong> {step}
        </p>
      ))}
      {value && value.datanodes.length > 0 && (
        <div class="quarantine">
          <DataTable
            isStacked
            columns={DATANODE_COLUMNS}
            rows={value.datanodes}
            keyOf={({ datanodeId, role }) => `${datanodeId} ${role}`}
          />
        </div>
      )}
      {[...Map.groupBy(shown, ({ move }) => move?.cause ?? null)].map(([cause, regions]) => (
        <div key={cause} class="quarantine">
          <p>
            <strong>{plural(regions.length, 'region')}:</strong>{' '}
            <span class="badge bad">{cause?.replaceAll('_', ' ') ?? 'unknown cause'}</span>{' '}
            {cause !== null && isCause(cause) && isNew(CAUSES[cause]) && CAUSES[cause]}{' '}
            {isNew(stepOf(cause ?? '')) && !told.includes(stepOf(cause ?? '')) && stepOf(cause ?? '')}
          </p>
          <DataTable isStacked columns={COLUMNS} rows={regions} keyOf={({ regionId }) => regionId} />
        </div>
      ))}
      <NotShown count={(value?.quarantined.length ?? 0) - shown.length} />
    </>
  );
}

function stepOf(cause: string): string {
  return isCause(cause) ? (FIRST_STEPS[cause] ?? '') : '';
}

const COLUMNS: readonly Column<Held>[] = [
  { title: 'Table and region', place: 'first', cell: (held) => <Name held={held} /> },
  { title: 'From', place: 'titled', cell: ({ move }) => move?.from ?? '–' },
  { title: 'To', place: 'titled', cell: ({ move }) => move?.to ?? '–' },
  { title: 'Failures', place: 'titled', cell: ({ failures }) => formatCount(failures) },
  { title: 'Until', place: 'titled', cell: ({ until }) => <Ahead at={until} /> },
  { title: 'Release', place: 'end', cell: ({ regionId }) => <ReleaseButton what="region" id={regionId} /> },
];

const DATANODE_COLUMNS: readonly Column<HeldDatanode>[] = [
  {
    title: 'Datanode',
    place: 'first',
    cell: ({ datanodeId, detail }) => (
      <>
        <DetailsButton what="datanode" id={datanodeId}>
          Datanode {datanodeId}
        </DetailsButton>
        <p class="small">Last failure: {detail.replace(/^rolled_back:/, 'rolled back:')}</p>
      </>
    ),
  },
  { title: 'Effect', cell: ({ role }) => (role === 'target' ? 'receives no regions' : 'gives no regions') },
  { title: 'Failures', place: 'titled', cell: ({ failures }) => formatCount(failures) },
  { title: 'Until', place: 'titled', cell: ({ until }) => <Ahead at={until} /> },
  {
    title: 'Release',
    place: 'end',
    cell: ({ datanodeId }) => <ReleaseButton what="datanode" id={datanodeId} />,
  },
];

function Name({ held: { move, regionId } }: { readonly held: Held }): JSX.Element {
  if (move) return <MoveButton move={move} />;
  return (
    <DetailsButton what="region" id={regionId}>
      {regionId}
    </DetailsButton>
  );
}

interface Released {
  readonly what: 'region' | 'datanode';
  readonly id: string;
}

function ReleaseButton({ what, id }: Released): JSX.Element {
  const page = usePage();
  const [isReleased, setReleased] = useState(false);
  const { isBusy, run } = useAttempt();
  const release = async (): Promise<void> => {
    await actions.release(what, id);
    page.say(`Released ${what} ${id}.`);
    setReleased(true);
  };
  return (
    <button
      type="button"
      class="button small"
      title={`Forget the failures, so that migrations of this ${what} may start again`}
      disabled={isBusy || isReleased}
      onClick={() => void run(release)}
    >
      Release
      <span class="hidden">
        {' '}
        {what} {id}
      </span>
    </button>
  );
}
