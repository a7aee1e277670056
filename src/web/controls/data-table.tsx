import type { ComponentChildren, JSX } from 'preact';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** The row's own title. */
  readonly isName?: boolean;
  readonly isNumber?: boolean;
  /** Where a stacked table has it on a narrow screen: first, at the end of the first line, or below with its title. */
  readonly place?: 'first' | 'end' | 'titled';
}

/**
 * Rows under titles. `isStacked`: on a narrow screen each row is a few lines instead of a line to scroll. The roles are written out, because
 * elements that are laid out otherwise lose them.
 */
export function DataTable<Row>({
  columns,
  rows,
  keyOf,
  isStacked = false,
}: {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly isStacked?: boolean;
}): JSX.Element {
  return (
    <table role="table" class={isStacked ? 'stacked' : ''}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column.title} role="columnheader" scope="col" class={classOf(column)}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={keyOf(row)} role="row">
            {columns.map((column) => {
              const { title, cell, isName = false } = column;
              return isName ? (
                <th key={title} role="rowheader" scope="row" class={classOf(column)}>
                  {cell(row)}
                </th>
              ) : (
                <td key={title} role="cell" class={classOf(column)} data-title={title}>
                  {cell(row)}
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function classOf({ isNumber = false, place }: Column<never>): string {
  return [isNumber ? 'number' : '', place ?? ''].join(' ').trim();
}
