import type { Expression, Join, SelectStatement, SqlValue, TableReference } from './ast.ts';
import { cellKey, compileForGroup, groupRows, hasAggregate } from './aggregate.ts';
import { columnIndex, compareValues, compile, typeOf } from './evaluate.ts';
import type { Evaluator, Row, ScalarFunction, Scope, ScopeColumn, SqlType } from './evaluate.ts';

export interface ResultColumn {
  readonly name: string;
  readonly type: SqlType;
}

export interface ResultSet {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly Row[];
}

/** Reads one table; `filter` is what the server pushes down into the table, which must not be relied upon. */
export type TableReader = (reference: TableReference, filter: Expression | null) => ResultSet;

interface Relation {
  readonly columns: readonly ScopeColumn[];
  readonly rows: readonly Row[];
}

interface OutputItem {
  readonly name: string;
  readonly expression: Expression;
}

/** Runs a SELECT. @throws SqlError */
export function runSelect(
  statement: SelectStatement,
  readTable: TableReader,
  functions: ReadonlyMap<string, ScalarFunction>,
): ResultSet {
  const relation = readRelation(statement, readTable, functions);
  const scope: Scope = { columns: relation.columns, functions };
  const rows = statement.where ? filter(relation.rows, compile(statement.where, scope)) : relation.rows;
  const items = outputItems(statement, scope);
  const columns = items.map(({ name, expression }) => ({ name, type: typeOf(expression, scope) }));
  const isGrouped = statement.groupBy.length > 0 || items.some(({ expression }) => hasAggregate(expression));
  const projected = isGrouped
    ? projectGroups(statement, items, rows, scope)
    : projectRows(statement, items, rows, scope);
  const unique = statement.distinct ? distinctRows(projected) : projected;
  const end = statement.limit === null ? undefined : statement.offset + statement.limit;
  return { columns, rows: unique.slice(statement.offset, end) };
}

function readRelation(
  statement: SelectStatement,
  readTable: TableReader,
  functions: ReadonlyMap<string, ScalarFunction>,
): Relation {
  if (!statement.from) return { columns: [], rows: [[]] };
  const pushed = statement.joins.length === 0 ? statement.where : null;
  let relation = qualified(statement.from, readTable(statement.from, pushed));
  for (const join of statement.joins)
    relation = joinRelations(relation, qualified(join.table, readTable(join.table, null)), join, functions);
  return relation;
}

function qualified(reference: TableReference, { columns, rows }: ResultSet): Relation {
  return { columns: columns.map((column) => ({ ...column, qualifier: reference.alias })), rows };
}

function joinRelations(
  left: Relation,
  right: Relation,
  join: Join,
  functions: ReadonlyMap<string, ScalarFunction>,
): Relation {
  const columns = [...left.columns, ...right.columns];
  const matches = compile(join.on, { columns, functions });
  const candidatesFor = indexRight(left, right, join.on, functions);
  const nulls = right.columns.map(() => null);
  const rows: Row[] = [];
  for (const row of left.rows) {
    let isMatched = false;
    for (const candidate of candidatesFor(row)) {
      const joined = [...row, ...candidate];
      if (matches(joined) !== true) continue;
      isMatched = true;
      rows.push(joined);
    }
    if (!isMatched && join.kind === 'left') rows.push([...row, ...nulls]);
  }
  return { columns, rows };
}

/** A hash index for `ON a.x = b.y`; for any other condition every row on the right is a candidate. */
function indexRight(
  left: Relation,
  right: Relation,
  on: Expression,
  functions: ReadonlyMap<string, ScalarFunction>,
): (row: Row) => readonly Row[] {
  if (on.kind !== 'compare' || on.operator !== '=') return () => right.rows;
  const leftScope: Scope = { columns: left.columns, functions };
  const rightScope: Scope = { columns: right.columns, functions };
  const sides =
    tryCompile(on.left, leftScope, on.right, rightScope) ??
    tryCompile(on.right, leftScope, on.left, rightScope);
  if (!sides) return () => right.rows;
  const index = new Map<string, Row[]>();
  for (const row of right.rows) {
    const key = cellKey(sides.right(row));
    const list = index.get(key);
    if (list) list.push(row);
    else index.set(key, [row]);
  }
  return (row) => index.get(cellKey(sides.left(row))) ?? [];
}

function tryCompile(
  left: Expression,
  leftScope: Scope,
  right: Expression,
  rightScope: Scope,
): { left: Evaluator; right: Evaluator } | null {
  if (!isColumnOf(left, leftScope) || !isColumnOf(right, rightScope)) return null;
  return { left: compile(left, leftScope), right: compile(right, rightScope) };
}

function isColumnOf(expression: Expression, scope: Scope): boolean {
  if (expression.kind !== 'column') return false;
  const { qualifier, name } = expression;
  return scope.columns.some(
    (column) => column.name === name && (qualifier === null || column.qualifier === qualifier),
  );
}

function filter(rows: readonly Row[], condition: Evaluator): Row[] {
  return rows.filter((row) => condition(row) === true);
}

function outputItems(statement: SelectStatement, scope: Scope): OutputItem[] {
  return statement.items.flatMap((item): OutputItem[] => {
    if (item.kind === 'expression') return [{ name: item.name, expression: item.expression }];
    return scope.columns
      .filter((column) => item.qualifier === null || column.qualifier === item.qualifier)
      .map(({ qualifier, name }) => ({ name, expression: { kind: 'column', qualifier, name } }));
  });
}

/** ORDER BY may name an output column; otherwise it is an expression over the input. */
function resolveOutput(expression: Expression, items: readonly OutputItem[]): Expression {
  if (expression.kind === 'literal' && typeof expression.value === 'number')
    return items[expression.value - 1]?.expression ?? expression;
  if (expression.kind !== 'column' || expression.qualifier !== null) return expression;
  return items.find((item) => item.name === expression.name)?.expression ?? expression;
}

function projectRows(
  statement: SelectStatement,
  items: readonly OutputItem[],
  rows: readonly Row[],
  scope: Scope,
): Row[] {
  const evaluators = items.map(({ expression }) => compile(expression, scope));
  const orders = statement.orderBy.map((order) => compile(resolveOutput(order.expression, items), scope));
  const sorted = orders.length === 0 ? rows : sortBy(rows, orders, statement);
  // `SELECT *` of a large table is the common case, and needs no copy.
  const isIdentity =
    items.length === scope.columns.length &&
    items.every(({ expression }, index) => isColumnAt(expression, scope, index));
  return isIdentity ? [...sorted] : sorted.map((row) => evaluators.map((evaluate) => evaluate(row)));
}

function isColumnAt(expression: Expression, scope: Scope, index: number): boolean {
  if (expression.kind !== 'column') return false;
  return columnIndex(scope, expression.qualifier, expression.name) === index;
}

function projectGroups(
  statement: SelectStatement,
  items: readonly OutputItem[],
  rows: readonly Row[],
  scope: Scope,
): Row[] {
  const keys = statement.groupBy.map((key) => compile(resolveOutput(key, items), scope));
  const evaluators = items.map(({ expression }) => compileForGroup(expression, scope));
  const orders = statement.orderBy.map((order) =>
    compileForGroup(resolveOutput(order.expression, items), scope),
  );
  const groups = groupRows(rows, keys).map((group) => ({
    cells: evaluators.map((evaluate) => evaluate(group)),
    order: orders.map((evaluate) => evaluate(group)),
  }));
  if (orders.length > 0) groups.sort((a, b) => compareCells(a.order, b.order, statement));
  return groups.map(({ cells }) => cells);
}

function sortBy(rows: readonly Row[], orders: readonly Evaluator[], statement: SelectStatement): Row[] {
  return rows
    .map((row) => ({ row, order: orders.map((evaluate) => evaluate(row)) }))
    .sort((a, b) => compareCells(a.order, b.order, statement))
    .map(({ row }) => row);
}

/** NULLs come last ascending and first descending, as in DataFusion. */
function compareCells(a: readonly SqlValue[], b: readonly SqlValue[], { orderBy }: SelectStatement): number {
  for (const [index, { descending }] of orderBy.entries()) {
    const [left = null, right = null] = [a[index], b[index]];
    const order =
      left === null || right === null
        ? Number(left === null) - Number(right === null)
        : compareValues(left, right);
    if (order !== null && order !== 0) return descending ? -order : order;
  }
  return 0;
}

function distinctRows(rows: readonly Row[]): Row[] {
  const seen = new Map<string, Row>();
  for (const row of rows) {
    const key = row.map(cellKey).join('\u0000');
    if (!seen.has(key)) seen.set(key, row);
  }
  return [...seen.values()];
}
