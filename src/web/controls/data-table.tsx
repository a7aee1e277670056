import type { ComponentChildren, JSX } from 'preact';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** The row's own title. */
  readonly isName?: boolean;
  readonly isNumber?: boolean;
  readonly class?: string;
}

/** Rows under titles. */
export function DataTable<Row>({
  columns,
  rows,
  keyOf,
  class: look,
}: {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly class?: string;
}): JSX.Element {
  const classOf = ({ isNumber = false, class: more = '' }: Column<Row>): string =>
    `${isNumber ? 'number ' : ''}${more}`;
  return (
    <table class={look}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.title} scope="col" class={classOf(column)}>
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column) =>
              column.isName === true ? (
                <th key={column.title} scope="row">
                  {column.cell(row)}
                </th>
              ) : (
                <td key={column.title} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
