import type { ComparisonOperator, Expression, SqlValue } from './ast.ts';
import { planError, SQL_CODES, SqlError } from './errors.ts';

export type SqlType =
  | 'String'
  | 'Boolean'
  | 'UInt64'
  | 'UInt32'
  | 'UInt8'
  | 'Int64'
  | 'Float64'
  | 'DateTime'
  | 'TimestampSecond'
  | 'TimestampMillisecond'
  | 'TimestampMicrosecond';

export interface ScopeColumn {
  readonly qualifier: string;
  readonly name: string;
  readonly type: SqlType;
}

export type Row = readonly SqlValue[];
export type Evaluator = (row: Row) => SqlValue;

/** Calls that stand for one value without any row, such as `version()`. */
export type ScalarFunction = (values: readonly SqlValue[], text: string) => SqlValue;

export interface Scope {
  readonly columns: readonly ScopeColumn[];
  readonly functions: ReadonlyMap<string, ScalarFunction>;
}

/** Where a column is. @throws SqlError when it is not there or ambiguous. */
export function columnIndex(scope: Scope, qualifier: string | null, name: string): number {
  const matches = scope.columns.flatMap((column, index) =>
    column.name === name && (qualifier === null || column.qualifier === qualifier) ? [index] : [],
  );
  const [first] = matches;
  const shown = qualifier === null ? name : `${qualifier}.${name}`;
  if (first === undefined) throw planError(`No field named ${shown}.`);
  if (matches.length > 1) throw planError(`Ambiguous reference to unqualified field ${shown}`);
  return first;
}

/** Turns an expression into a function of a row. @throws SqlError on unknown columns and functions. */
export function compile(expression: Expression, scope: Scope): Evaluator {
  switch (expression.kind) {
    case 'literal': {
      const { value } = expression;
      return () => value;
    }
    case 'column': {
      const index = columnIndex(scope, expression.qualifier, expression.name);
      return (row) => row[index] ?? null;
    }
    case 'compare':
      return compileComparison(
        expression.operator,
        compile(expression.left, scope),
        compile(expression.right, scope),
      );
    case 'arithmetic':
      return compileArithmetic(expression, scope);
    case 'cast':
      return compileCast(expression, scope);
    case 'and':
    case 'or':
      return compileLogic(expression.kind, compile(expression.left, scope), compile(expression.right, scope));
    case 'not': {
      const operand = compile(expression.operand, scope);
      return (row) => negate(operand(row));
    }
    case 'is-null': {
      const operand = compile(expression.operand, scope);
      return (row) => (operand(row) === null) !== expression.negated;
    }
    case 'in':
      return compileIn(expression, scope);
    case 'like':
      return compileLike(expression, scope);
    case 'call':
      return compileCall(expression, scope);
  }
}

function negate(value: SqlValue): SqlValue {
  return value === null ? null : value !== true;
}

/** Order of two values; null when one of them is NULL or they cannot be compared. */
export function compareValues(left: SqlValue, right: SqlValue): number | null {
  if (left === null || right === null) return null;
  const [a, b] = coerced(left, right);
  if (a === null || b === null) return null;
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

/** A text beside a number is read as a number. */
function coerced(left: SqlValue, right: SqlValue): readonly [SqlValue, SqlValue] {
  if (typeof left === 'string' && isNumeric(right)) return [numberFrom(left), right];
  if (typeof right === 'string' && isNumeric(left)) return [left, numberFrom(right)];
  return [left, right];
}

function isNumeric(value: SqlValue): boolean {
  return typeof value === 'number' || typeof value === 'bigint';
}

function numberFrom(text: string): number | bigint | null {
  if (/^-?\d+$/.test(text)) return BigInt(text);
  const value = Number(text);
  return text.trim() === '' || Number.isNaN(value) ? null : value;
}

const TESTS: Readonly<Record<ComparisonOperator, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/** The answer of a comparison; null with NULL on either side. */
export function compareBy(operator: ComparisonOperator, left: SqlValue, right: SqlValue): boolean | null {
  const order = compareValues(left, right);
  return order === null ? null : TESTS[operator](order);
}

function compileComparison(operator: ComparisonOperator, left: Evaluator, right: Evaluator): Evaluator {
  return (row) => compareBy(operator, left(row), right(row));
}

function compileLogic(kind: 'and' | 'or', left: Evaluator, right: Evaluator): Evaluator {
  const decisive = kind === 'or';
  return (row) => {
    const a = left(row);
    if (a === decisive) return decisive;
    const b = right(row);
    if (b === decisive) return decisive;
    return a === null || b === null ? null : !decisive;
  };
}

function compileArithmetic(expression: Extract<Expression, { kind: 'arithmetic' }>, scope: Scope): Evaluator {
  const left = compile(expression.left, scope);
  const right = compile(expression.right, scope);
  return (row) => {
    const [a, b] = [left(row), right(row)];
    return a === null || b === null ? null : calculate(expression.operator, a, b);
  };
}

function calculate(operator: string, left: SqlValue, right: SqlValue): SqlValue {
  const bothWhole = [left, right].every((value) => typeof value === 'bigint' || Number.isInteger(value));
  if (!bothWhole) return calculateFloat(operator, Number(left), Number(right));
  const [a, b] = [BigInt(String(left)), BigInt(String(right))];
  if (b === 0n && (operator === '/' || operator === '%'))
    throw new SqlError(SQL_CODES.internal, 'Internal error: 1003');
  const result =
    operator === '+'
      ? a + b
      : operator === '-'
        ? a - b
        : operator === '*'
          ? a * b
          : operator === '/'
            ? a / b
            : a % b;
  const asNumber = Number(result);
  return Number.isSafeInteger(asNumber) ? asNumber : result;
}

function calculateFloat(operator: string, a: number, b: number): number {
  if (operator === '+') return a + b;
  if (operator === '-') return a - b;
  if (operator === '*') return a * b;
  return operator === '/' ? a / b : a % b;
}

function compileCast({ operand, type }: Extract<Expression, { kind: 'cast' }>, scope: Scope): Evaluator {
  const evaluate = compile(operand, scope);
  return (row) => {
    const value = evaluate(row);
    if (value === null || type === 'String') return value === null ? null : String(value);
    const text = String(value);
    if (!/^-?\d+$/.test(text)) throw planError(`Cannot cast string '${text}' to value of ${type} type`);
    return BigInt(text);
  };
}

function compileIn(expression: Extract<Expression, { kind: 'in' }>, scope: Scope): Evaluator {
  const operand = compile(expression.operand, scope);
  const items = expression.items.map((item) => compile(item, scope));
  return (row) => {
    const value = operand(row);
    if (value === null) return null;
    const found = items.some((item) => compareValues(value, item(row)) === 0);
    return found !== expression.negated;
  };
}

function compileLike(expression: Extract<Expression, { kind: 'like' }>, scope: Scope): Evaluator {
  const operand = compile(expression.operand, scope);
  const pattern = compile(expression.pattern, scope);
  const fixed =
    expression.pattern.kind === 'literal' ? likePattern(pattern([]), expression.ignoreCase) : undefined;
  return (row) => {
    const value = operand(row);
    const test = fixed ?? likePattern(pattern(row), expression.ignoreCase);
    if (typeof value !== 'string' || test === null) return null;
    return test.test(value) !== expression.negated;
  };
}

/** `%` is any text, `_` any character; null for a pattern that is not text. */
export function likePattern(pattern: SqlValue, ignoreCase: boolean): RegExp | null {
  if (typeof pattern !== 'string') return null;
  const source = pattern
    .replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('%', '.*')
    .replaceAll('_', '.');
  return new RegExp(`^${source}$`, ignoreCase ? 'is' : 's');
}

function compileCall(expression: Extract<Expression, { kind: 'call' }>, scope: Scope): Evaluator {
  const run = scope.functions.get(expression.name);
  if (!run || expression.star) throw planError(`Invalid function '${expression.name}'.`);
  const values = expression.arguments.map((argument) => compile(argument, scope));
  return (row) =>
    run(
      values.map((value) => value(row)),
      expression.name,
    );
}

/** The type that a result column announces. */
export function typeOf(expression: Expression, scope: Scope): SqlType {
  switch (expression.kind) {
    case 'column':
      return scope.columns[columnIndex(scope, expression.qualifier, expression.name)]!.type;
    case 'literal':
      return typeof expression.value === 'string' || expression.value === null
        ? 'String'
        : typeof expression.value === 'boolean'
          ? 'Boolean'
          : typeof expression.value === 'bigint' || Number.isInteger(expression.value)
            ? 'Int64'
            : 'Float64';
    case 'cast':
      return expression.type;
    case 'arithmetic':
      return 'Int64';
    case 'call':
      return expression.name === 'count' ? 'Int64' : callType(expression, scope);
    case 'compare':
    case 'and':
    case 'or':
    case 'not':
    case 'is-null':
    case 'in':
    case 'like':
      return 'Boolean';
  }
}

function callType(expression: Extract<Expression, { kind: 'call' }>, scope: Scope): SqlType {
  if (scope.functions.has(expression.name)) return 'String';
  if (expression.name === 'avg') return 'Float64';
  const [argument] = expression.arguments;
  return argument ? typeOf(argument, scope) : 'Int64';
}
