import type { Expression, SqlValue } from './ast.ts';
import { compareBy, compareValues, likePattern } from './evaluate.ts';

/**
 * Evaluates the part of a condition that GreptimeDB pushes down into an information_schema table (comparisons by = and <>, IN, LIKE,
 * with AND, OR and NOT) against the columns that the table offers to it.
 *
 * @returns undefined where a column or the shape of the condition is not known to the table: that never excludes a row.
 */
export function mayMatch(
  condition: Expression,
  lookUp: (column: string) => SqlValue | undefined,
): boolean | undefined {
  switch (condition.kind) {
    case 'and': {
      const left = mayMatch(condition.left, lookUp);
      if (left === false) return false;
      const right = mayMatch(condition.right, lookUp);
      return right === false ? false : left === true && right === true ? true : undefined;
    }
    case 'or': {
      const left = mayMatch(condition.left, lookUp);
      const right = mayMatch(condition.right, lookUp);
      if (left === undefined || right === undefined) return undefined;
      return left || right;
    }
    case 'not': {
      const inner = mayMatch(condition.operand, lookUp);
      return inner === undefined ? undefined : !inner;
    }
    case 'compare':
      return matchComparison(condition, lookUp);
    case 'in': {
      const value = valueOf(condition.operand, lookUp);
      if (value === undefined || !condition.items.every((item) => item.kind === 'literal')) return undefined;
      const found = condition.items.some((item) => compareValues(value, item.value) === 0);
      return found !== condition.negated;
    }
    case 'like': {
      const value = valueOf(condition.operand, lookUp);
      const { pattern } = condition;
      if (typeof value !== 'string' || pattern.kind !== 'literal') return undefined;
      const test = likePattern(pattern.value, condition.ignoreCase);
      return test ? test.test(value) !== condition.negated : undefined;
    }
    case 'is-null':
    case 'cast':
    case 'arithmetic':
    case 'literal':
    case 'column':
    case 'call':
      return undefined;
  }
}

function matchComparison(
  { operator, left, right }: Extract<Expression, { kind: 'compare' }>,
  lookUp: (column: string) => SqlValue | undefined,
): boolean | undefined {
  if (operator !== '=' && operator !== '<>') return undefined;
  const isColumnFirst = left.kind === 'column';
  const value = valueOf(isColumnFirst ? left : right, lookUp);
  const other = isColumnFirst ? right : left;
  if (value === undefined || other.kind !== 'literal') return undefined;
  return compareBy(operator, value, other.value) ?? undefined;
}

function valueOf(
  expression: Expression,
  lookUp: (column: string) => SqlValue | undefined,
): SqlValue | undefined {
  return expression.kind === 'column' ? lookUp(expression.name) : undefined;
}
