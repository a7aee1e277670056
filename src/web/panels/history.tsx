import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { OUTCOME_CODES } from '../../domain/codes.ts';
import type { MoveView } from '../../observability/event-view.ts';
import type { Query } from '../api/client.ts';
import { Select } from '../controls/choice.tsx';
import { DataTable } from '../controls/data-table.tsx';
import type { Column } from '../controls/data-table.tsx';
import { SearchField } from '../controls/form.tsx';
import { MoveButton, reasonText, Route, StateBadge, tookText } from '../controls/move.tsx';
import { Empty, Problem, Section } from '../controls/section.tsx';
import { Ago } from '../controls/time.tsx';
import { useAnswer } from '../hooks/answer.ts';
import { useSettled, useThrottled } from '../hooks/pace.ts';
import { usePageState } from '../page/page.ts';

const FIRST = 25;
const MOST = 1_000;
const OUTCOMES = [
  ['', 'Every outcome'],
  ...OUTCOME_CODES.map((code) => [code, code.replace('_', ' ')] as const),
] as const;

/** Past moves, the newest first, each with its explanation. */
export function History(): JSX.Element {
  const revision = useThrottled(
    usePageState(({ revisions }) => revisions.moves),
    1_000,
  );
  const [outcome, setOutcome] = useState('');
  const [text, setText] = useState('');
  const [limit, setLimit] = useState(FIRST);
  const table = useSettled(text.trim());
  const { value, problem } = useAnswer('/api/v1/history', { limit, outcome, ...filterOf(table) }, revision);
  const moves = value?.moves ?? [];
  const isFiltered = outcome !== '' || table !== '';
  const aside = (
    <div class="tools">
      <SearchField
        label="Filter by table or region"
        placeholder="Table or region"
        value={text}
        onText={setText}
      />
      <Select label="Filter by outcome" options={OUTCOMES} value={outcome} onChange={setOutcome} />
    </div>
  );
  return (
    <Section title="History" id="history" aside={aside}>
      <Problem text={problem} />
      {value === null ? null : moves.length === 0 ? (
        <Empty>{isFiltered ? 'No move matches these filters.' : 'No moves yet.'}</Empty>
      ) : (
        <div class="table-scroll" tabIndex={0} role="region" aria-label="Past moves, scrollable">
          <DataTable isStacked columns={COLUMNS} rows={moves} keyOf={({ id }) => id} />
        </div>
      )}
      {(value?.next ?? null) !== null && limit < MOST && (
        <button type="button" class="link more" onClick={() => setLimit(Math.min(MOST, limit * 2))}>
          Show more
        </button>
      )}
    </Section>
  );
}

/** Region ids are long numbers; everything else is looked for in table names. */
function filterOf(text: string): Query {
  return /^\d{10,20}$/.test(text) ? { region: text } : { table: text };
}

const COLUMNS: readonly Column<MoveView>[] = [
  { title: 'Started', cell: ({ createdAt }) => <Ago at={createdAt} /> },
  { title: 'Table and region', place: 'first', cell: (move) => <MoveButton move={move} /> },
  { title: 'Datanodes', cell: ({ from, to }) => <Route from={from} to={to} /> },
  { title: 'Reason', cell: ({ reason }) => reasonText(reason) },
  { title: 'Outcome', place: 'end', cell: ({ state }) => <StateBadge state={state} /> },
  { title: 'Took', isNumber: true, cell: tookText },
];
