import type { Expression, SqlValue } from './ast.ts';
import { planError } from './errors.ts';
import { compareValues, compile } from './evaluate.ts';
import type { Evaluator, Row, Scope } from './evaluate.ts';

export const AGGREGATES = new Set(['count', 'sum', 'min', 'max', 'avg']);

/** Whether an expression contains an aggregate call. */
export function hasAggregate(expression: Expression): boolean {
  switch (expression.kind) {
    case 'call':
      return AGGREGATES.has(expression.name) || expression.arguments.some(hasAggregate);
    case 'compare':
    case 'arithmetic':
    case 'and':
    case 'or':
      return hasAggregate(expression.left) || hasAggregate(expression.right);
    case 'not':
    case 'cast':
    case 'is-null':
      return hasAggregate(expression.operand);
    case 'in':
    case 'like':
      return hasAggregate(expression.operand);
    case 'literal':
    case 'column':
      return false;
  }
}

/** An expression over a group of rows: a bare aggregate call, or anything else taken from the group's first row. */
export function compileForGroup(expression: Expression, scope: Scope): (rows: readonly Row[]) => SqlValue {
  if (expression.kind === 'call' && AGGREGATES.has(expression.name))
    return compileAggregate(expression, scope);
  if (hasAggregate(expression)) throw planError('Expressions over aggregates are not simulated');
  const evaluate = compile(expression, scope);
  return (rows) => (rows[0] ? evaluate(rows[0]) : null);
}

function compileAggregate(
  expression: Extract<Expression, { kind: 'call' }>,
  scope: Scope,
): (rows: readonly Row[]) => SqlValue {
  if (expression.star) {
    if (expression.name !== 'count') throw planError(`Invalid function '${expression.name}(*)'.`);
    return (rows) => rows.length;
  }
  const [argument, more] = expression.arguments;
  if (!argument || more) throw planError(`Function '${expression.name}' expects one argument.`);
  const evaluate = compile(argument, scope);
  return (rows) => fold(expression.name, valuesOf(rows, evaluate, expression.distinct));
}

function valuesOf(rows: readonly Row[], evaluate: Evaluator, distinct: boolean): SqlValue[] {
  const values = rows.map((row) => evaluate(row)).filter((value) => value !== null);
  return distinct ? [...new Set(values)] : values;
}

function fold(name: string, values: readonly SqlValue[]): SqlValue {
  if (name === 'count') return values.length;
  if (values.length === 0) return null;
  if (name === 'min' || name === 'max') {
    const wanted = name === 'min' ? -1 : 1;
    return values.reduce((best, value) => (compareValues(value, best) === wanted ? value : best));
  }
  const total = values.reduce<bigint>((sum, value) => sum + BigInt(String(value)), 0n);
  return name === 'avg' ? Number(total) / values.length : total;
}

/** Rows that share the values of `keys`, groups in the order of their first row. Without keys: one group of all rows. */
export function groupRows(rows: readonly Row[], keys: readonly Evaluator[]): (readonly Row[])[] {
  if (keys.length === 0) return [rows];
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = keys.map((evaluate) => cellKey(evaluate(row))).join('\u0000');
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()];
}

/** A text that is the same for equal cells; numbers of either kind are alike. */
export function cellKey(value: SqlValue): string {
  return typeof value === 'string' ? `s${value}` : `v${String(value)}`;
}
