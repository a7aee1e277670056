import type { SqlFacts } from '../profiles.ts';
import type { SqlValue } from './ast.ts';
import type { Row } from './evaluate.ts';
import type { ResultSet } from './select.ts';

/** The body of a success: every integer bare, u64 too. Built by hand, as region ids do not fit `JSON.stringify`. */
export function encodeOutputs(
  results: readonly ResultSet[],
  facts: Pick<SqlFacts, 'totalRows' | 'codeInSuccess'>,
  executionMs: number,
): string {
  const outputs = results.map((result) => `{"records":${encodeRecords(result, facts.totalRows)}}`);
  const head = facts.codeInSuccess ? '"code":0,' : '';
  return `{${head}"output":[${outputs.join(',')}],"execution_time_ms":${executionMs}}`;
}

function encodeRecords({ columns, rows }: ResultSet, withTotal: boolean): string {
  const schemas = columns.map(({ name, type }) => `{"name":${JSON.stringify(name)},"data_type":"${type}"}`);
  const total = withTotal ? `,"total_rows":${rows.length}` : '';
  return `{"schema":{"column_schemas":[${schemas.join(',')}]},"rows":[${encodeRows(rows)}]${total}}`;
}

function encodeRows(rows: readonly Row[]): string {
  const texts: string[] = [];
  for (const row of rows) {
    let text = '';
    for (const cell of row) text += text === '' ? encodeCell(cell) : `,${encodeCell(cell)}`;
    texts.push(`[${text}]`);
  }
  return texts.join(',');
}

/** Printable ASCII without quotes and backslashes needs no escaping. */
const PLAIN = /^[ !#-[\]-~]*$/;

function encodeCell(cell: SqlValue): string {
  if (typeof cell === 'string') return PLAIN.test(cell) ? `"${cell}"` : JSON.stringify(cell);
  return String(cell);
}
