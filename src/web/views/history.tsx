import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { OUTCOMES } from '../../domain/codes.ts';
import { get } from '../api.ts';
import type { Page } from '../app.tsx';
import { formatShort, formatTime, shortTable } from '../format.ts';
import { useLoaded, useSettled, useThrottled } from '../hooks.ts';
import { useModel } from '../model.ts';
import type { MoveView } from '../model.ts';
import { Empty, Problem, reasonText, Section, StateBadge } from './parts.tsx';

interface HistoryAnswer {
  readonly moves: readonly MoveView[];
  readonly next: string | null;
}

const PAGE = 25;
const OUTCOME_CODES = Object.keys(OUTCOMES);

/** Past moves, the newest first, each with its explanation. */
export function History({ page }: { readonly page: Page }): JSX.Element {
  const revision = useThrottled(
    useModel(page.store, (model) => model.movesRevision),
    1_000,
  );
  const [outcome, setOutcome] = useState('');
  const [text, setText] = useState('');
  const [limit, setLimit] = useState(PAGE);
  const table = useSettled(text.trim());
  const { value, problem } = useLoaded(`${revision}/${outcome}/${table}/${limit}`, (signal) =>
    get<HistoryAnswer>('/api/v1/history', { limit, outcome, ...filterOf(table) }, signal),
  );
  const moves = value?.moves ?? [];
  const isFiltered = outcome !== '' || table !== '';
  const aside = (
    <div class="tools">
      <input
        type="search"
        aria-label="Filter by table or region"
        placeholder="Table or region"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <select
        aria-label="Filter by outcome"
        value={outcome}
        onChange={(event) => setOutcome(event.currentTarget.value)}
      >
        <option value="">Every outcome</option>
        {OUTCOME_CODES.map((code) => (
          <option key={code} value={code}>
            {code.replace('_', ' ')}
          </option>
        ))}
      </select>
    </div>
  );
  return (
    <Section title="History" id="history" aside={aside}>
      <Problem text={problem} />
      {moves.length === 0 ? (
        <Empty>{isFiltered ? 'No move fits these filters.' : 'No region has been moved yet.'}</Empty>
      ) : (
        <Moves page={page} moves={moves} />
      )}
      {(value?.next ?? null) !== null && limit < 1_000 && (
        <button type="button" class="link more" onClick={() => setLimit(Math.min(1_000, limit * 2))}>
          Show more
        </button>
      )}
    </Section>
  );
}

/** Region ids are long numbers; everything else is looked for in table names. */
function filterOf(text: string): Readonly<Record<string, string>> {
  if (text === '') return {};
  return /^\d{10,20}$/.test(text) ? { region: text } : { table: text };
}

function Moves({ page, moves }: { readonly page: Page; readonly moves: readonly MoveView[] }): JSX.Element {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Past moves, scrollable">
      <table class="history">
        <thead>
          <tr>
            <th scope="col">Begun</th>
            <th scope="col">Table and region</th>
            <th scope="col">Datanodes</th>
            <th scope="col">Why</th>
            <th scope="col">Outcome</th>
            <th scope="col" class="number">
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {moves.map((move) => (
            <tr key={move.id}>
              <td class="when">{formatTime(move.createdAt)}</td>
              <td>
                <button type="button" class="link" onClick={() => page.open({ kind: 'move', move })}>
                  {shortTable(move.table)} <span class="region-id">{move.regionId}</span>
                </button>
              </td>
              <td class="route">
                <span class="node">{move.from}</span>
                <span class="arrow" aria-label="to">
                  →
                </span>
                <span class="node">{move.to}</span>
              </td>
              <td>{reasonText(move.reason)}</td>
              <td>
                <StateBadge state={move.state} />
              </td>
              <td class="number">{tookText(move)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function tookText({ createdAt, endedAt }: MoveView): string {
  return endedAt === null ? '' : formatShort(Date.parse(endedAt) - Date.parse(createdAt));
}
