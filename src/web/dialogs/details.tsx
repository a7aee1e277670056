import type { JSX } from 'preact';
import type { Explanation } from '../../domain/explanation.ts';
import { actions } from '../actions.ts';
import { get } from '../api.ts';
import { formatCount, formatTime, plural, shortTable } from '../format.ts';
import { useLoaded, useThrottled } from '../hooks.ts';
import { useModel } from '../model.ts';
import type { MoveView, RegionsView } from '../model.ts';
import { tookText } from '../views/history.tsx';
import { Empty, Problem, StateBadge } from '../views/parts.tsx';
import { useAttempt } from './attempt.ts';
import { Dialog } from './dialogs.tsx';
import type { DialogProps } from './dialogs.tsx';

const LISTED = 500;

type DetailsProps = DialogProps & { readonly what: 'region' | 'table' | 'datanode'; readonly id: string };

/** Why a region, table or datanode moves or stays, and what belongs to it. */
export function Details({ page, close, what, id }: DetailsProps): JSX.Element {
  const tableName = useModel(
    page.store,
    (model) => model.matrix?.tables.find((table) => table.id === id)?.name,
  );
  const title =
    what === 'table' && tableName !== undefined ? `Table ${shortTable(tableName)}` : `${TITLES[what]} ${id}`;
  return (
    <Dialog title={title} close={close} wide>
      <Reasons page={page} what={what} id={id} />
      {what === 'datanode' && <NodeActions page={page} close={close} id={id} />}
      {what === 'region' ? <PastMoves page={page} id={id} /> : <Regions page={page} what={what} id={id} />}
    </Dialog>
  );
}

const TITLES = { region: 'Region', table: 'Table', datanode: 'Datanode' } as const;

export function Reasons({
  page,
  what,
  id,
}: {
  readonly page: DialogProps['page'];
  readonly what: DetailsProps['what'];
  readonly id: string;
}): JSX.Element {
  const revision = useModel(page.store, (model) => model.overviewRevision);
  const { value, problem } = useLoaded(`${what}/${id}/${revision}`, (signal) =>
    get<Explanation>(`/api/v1/explain/${what}/${encodeURIComponent(id)}`, {}, signal),
  );
  if (!value) return problem === null ? <Empty>Looking it up.</Empty> : <Problem text={problem} />;
  const facts = Object.entries(value.facts).filter(([, fact]) => typeof fact !== 'object' || fact === null);
  return (
    <div class="explanation">
      <p class="answer">{value.answer}</p>
      <ul class="obstacles">
        {value.reasons.slice(0, 20).map(({ code, detail }, index) => (
          <li key={index}>
            <span class="badge calm">{code}</span> {detail}
          </li>
        ))}
      </ul>
      {facts.length > 0 && (
        <dl class="fact-list">
          {facts.map(([name, fact]) => (
            <div key={name}>
              <dt>{wordsOf(name)}</dt>
              <dd>{String(fact)}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

/** `regionsAfter` as `regions after`. */
function wordsOf(name: string): string {
  return name.replace(
    /([a-z])([A-Z])/g,
    (_, before: string, letter: string) => `${before} ${letter.toLowerCase()}`,
  );
}

function NodeActions({ page, close, id }: DialogProps & { readonly id: string }): JSX.Element | null {
  const state = useModel(
    page.store,
    (model) => model.status?.datanodes.find((node) => node.id === id)?.state,
  );
  const { isBusy, problem, run } = useAttempt(page);
  const undrain = async (): Promise<void> => {
    await actions.undrain(id);
    page.say(`Datanode ${id} does not drain any more.`, 'good');
    close();
  };
  return (
    <>
      <Problem text={problem} />
      <p class="form-end">
        {state === 'draining' ? (
          <button type="button" class="button" disabled={isBusy} onClick={() => void run(undrain)}>
            Stop draining
          </button>
        ) : (
          <button type="button" class="button" onClick={() => page.open({ kind: 'drain', datanodes: [id] })}>
            Drain…
          </button>
        )}
      </p>
    </>
  );
}

function Regions({
  page,
  what,
  id,
}: {
  readonly page: DialogProps['page'];
  readonly what: 'table' | 'datanode';
  readonly id: string;
}): JSX.Element {
  const revision = useModel(page.store, (model) => model.overviewRevision);
  const { value, problem } = useLoaded(`${what}/${id}/${revision}`, (signal) =>
    get<RegionsView>('/api/v1/regions', { [what]: id, limit: LISTED }, signal),
  );
  const matrix = useModel(page.store, (model) => model.matrix);
  if (!value) return <Problem text={problem} />;
  const names = new Map(matrix?.tables.map((table) => [table.id, shortTable(table.name)]));
  return (
    <>
      <h3>{plural(value.total, 'region')}</h3>
      <ul class="region-list" tabIndex={0} aria-label="Regions">
        {value.regions.map((region) => (
          <li key={region.id}>
            <button
              type="button"
              class="row-button"
              onClick={() => page.open({ kind: 'details', what: 'region', id: region.id })}
            >
              <span class="table-name">{names.get(region.tableId) ?? region.tableId}</span>
              <span class="region-id">{region.id}</span>
              <span class="route">
                <span class="node">{region.leader ?? 'none'}</span>
                {region.target !== null && (
                  <>
                    <span class="arrow" aria-label="goes to">
                      →
                    </span>
                    <span class="node">{region.target}</span>
                  </>
                )}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {value.total > value.regions.length && (
        <p class="dim">and {formatCount(value.total - value.regions.length)} more</p>
      )}
    </>
  );
}

function PastMoves({ page, id }: Pick<DialogProps, 'page'> & { readonly id: string }): JSX.Element {
  const revision = useThrottled(
    useModel(page.store, (model) => model.movesRevision),
    2_000,
  );
  const { value, problem } = useLoaded(`${id}/${revision}`, (signal) =>
    get<{ moves: readonly MoveView[] }>('/api/v1/history', { region: id, limit: 10 }, signal),
  );
  if (!value) return <Problem text={problem} />;
  return (
    <>
      <h3>Its moves</h3>
      {value.moves.length === 0 ? (
        <Empty>The rebalancer has never moved it.</Empty>
      ) : (
        <ul class="audit">
          {value.moves.map((move) => (
            <li key={move.id}>
              <time dateTime={move.createdAt}>{formatTime(move.createdAt)}</time>
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
