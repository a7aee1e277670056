import type { JSX } from 'preact';
import type { ExplainKind } from '../../domain/explanation.ts';
import { actions } from '../api/actions.ts';
import { DetailsButton } from '../controls/details-button.tsx';
import { Route, StateBadge, tookText } from '../controls/move.tsx';
import { Empty, NotShown, Problem } from '../controls/section.tsx';
import { Ago } from '../controls/time.tsx';
import { plural, shortTable } from '../format.ts';
import { useAnswer } from '../hooks/answer.ts';
import { useAttempt } from '../hooks/attempt.ts';
import { useThrottled } from '../hooks/pace.ts';
import { usePage, usePageState } from '../page/page.ts';
import { Dialog } from './dialog.tsx';
import { Explained } from './explanation.tsx';

const LISTED = 500;
const TITLES = { region: 'Region', table: 'Table', datanode: 'Datanode' } as const;

/** Why a region, table or datanode moves or stays, and what belongs to it. */
export function DetailsDialog({
  close,
  what,
  id,
}: {
  readonly close: () => void;
  readonly what: ExplainKind;
  readonly id: string;
}): JSX.Element {
  const tableName = usePageState(({ matrix }) => matrix?.tables.find((table) => table.id === id)?.name);
  const name = what === 'table' && tableName !== undefined ? shortTable(tableName) : id;
  return (
    <Dialog title={`${TITLES[what]} ${name}`} close={close} wide>
      <Explained what={what} id={id} />
      {what === 'datanode' && <DatanodeButtons close={close} id={id} />}
      {what === 'region' ? <PastMoves id={id} /> : <Regions what={what} id={id} />}
    </Dialog>
  );
}

/** What an operator may ask of a datanode. */
function DatanodeButtons({ close, id }: { readonly close: () => void; readonly id: string }): JSX.Element {
  const page = usePage();
  const datanode = usePageState(({ status }) => status?.datanodes.find((node) => node.id === id));
  const { state, drain } = datanode ?? {};
  const { isBusy, problem, run } = useAttempt();
  const button = (text: string, go: () => void): JSX.Element => (
    <button type="button" class="button" disabled={isBusy} onClick={go}>
      {text}
    </button>
  );
  const ask = (text: string, act: (id: string) => Promise<unknown>, done: string): JSX.Element =>
    button(
      text,
      () =>
        void run(async () => {
          await act(id);
          page.say(`Datanode ${id} ${done}.`);
          close();
        }),
    );
  return (
    <>
      {drain && (
        <p class="dim">
          {drain.since === null ? (
            'Drained by the configuration (datanodes.drain).'
          ) : (
            <>
              Drain requested <Ago at={drain.since} /> by {drain.by}.
            </>
          )}
        </p>
      )}
      <Problem text={problem} />
      <p class="form-end">
        {state === 'cordoned'
          ? ask('Uncordon', actions.uncordon, 'may receive regions again')
          : state !== 'draining' && ask('Cordon', actions.cordon, 'receives no more regions')}
        {state === 'draining'
          ? ask('Cancel the drain', actions.undrain, 'no longer drains')
          : button('Drain…', () => page.open({ kind: 'drain', datanodes: [id] }))}
      </p>
    </>
  );
}

function Regions({ what, id }: { readonly what: 'table' | 'datanode'; readonly id: string }): JSX.Element {
  const revision = usePageState(({ revisions }) => revisions.plan);
  const { value, problem } = useAnswer('/api/v1/regions', { [what]: id, limit: LISTED }, revision);
  const tables = usePageState((state) => state.matrix?.tables);
  if (!value) return <Problem text={problem} />;
  const names = new Map(tables?.map((table) => [table.id, shortTable(table.name)]));
  return (
    <>
      <h3>{plural(value.total, 'region')}</h3>
      <ul class="box" tabIndex={0} aria-label="Regions">
        {value.regions.map((region) => (
          <li key={region.id}>
            <DetailsButton what="region" id={region.id} class="row">
              <span class="table-name">{names.get(region.tableId) ?? region.tableId}</span>
              <span class="region-id">{region.id}</span>
              <Route from={region.leader ?? 'none'} to={region.target} />
            </DetailsButton>
          </li>
        ))}
      </ul>
      <NotShown count={value.total - value.regions.length} />
    </>
  );
}

function PastMoves({ id }: { readonly id: string }): JSX.Element {
  const revision = useThrottled(
    usePageState(({ revisions }) => revisions.moves),
    2_000,
  );
  const { value, problem } = useAnswer('/api/v1/history', { region: id, limit: 10 }, revision);
  if (!value) return <Problem text={problem} />;
  return (
    <>
      <h3>Past moves</h3>
      {value.moves.length === 0 ? (
        <Empty>The rebalancer has not moved this region.</Empty>
      ) : (
        <ul class="audit">
          {value.moves.map((move) => (
            <li key={move.id}>
              <Ago at={move.createdAt} />
              <StateBadge state={move.state} />
              <span>
                {move.from} → {move.to} <span class="dim">{tookText(move)}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
