import { isDecimalId } from '../lib/json.ts';
import type { Warning } from './plan.ts';
import type { Policy } from './policy.ts';
import { compilePattern, compileSelection } from './selector.ts';
import type { TableIdentity } from './selector.ts';
import type { Snapshot } from './snapshot.ts';

/** Beyond so many patterns of names the rest is not looked at: each is compared with every table. */
const MAX_PATTERNS = 200;

/**
 * Names in the configuration that nothing in the cluster has: each is a slip, or is out of date. A drain that was asked of the running
 * daemon is not among the policy's: its datanode may be gone because it was drained.
 *
 * @param policy as the configuration says.
 * @param snapshot of the selected tables, or of all.
 * @param unmatchedExcludes patterns of `tables.exclude` that excluded no table, as the reading found.
 */
export function unmatchedNames(
  policy: Policy,
  snapshot: Snapshot,
  unmatchedExcludes: readonly string[] = [],
): Warning[] {
  const tables = identitiesOf(snapshot);
  const datanodes = new Set(snapshot.datanodes.map(({ id }) => id));
  const regions =
    policy.pins.regions.length === 0 ? new Set<string>() : new Set(snapshot.regions.map(({ id }) => id));
  const { include } = policy.tables;
  const selection = compileSelection(policy.tables);
  const selectsNothing = include.length > 0 && !snapshot.tables.some((table) => selection.selects(table));
  const missing = (key: string, names: readonly string[], what: string): Warning[] =>
    names.map((name) => ({
      code: 'matches-nothing',
      key,
      name,
      detail: `${key}: ${JSON.stringify(name)} matches no ${what}.`,
    }));
  const strange = (ids: readonly string[]): string[] => ids.filter((id) => !datanodes.has(id));
  return [
    ...(selectsNothing
      ? [nothingSelected(include)]
      : missing('tables.include', withoutTable(include, tables), 'table')),
    ...missing('tables.exclude', unmatchedExcludes, 'table'),
    ...missing('datanodes.drain', strange(policy.drain), 'datanode'),
    ...missing('datanodes.cordon', strange(policy.cordon), 'datanode'),
    ...missing('datanodes.weights', strange(Object.keys(policy.weights)), 'datanode'),
    ...missing('pins.tables', withoutTable(policy.pins.tables, tables), 'table'),
    ...missing(
      'pins.regions',
      policy.pins.regions.filter((id) => !regions.has(id)),
      'region',
    ),
  ];
}

function nothingSelected(include: readonly string[]): Warning {
  const name = include.slice(0, 5).join(', ');
  const detail = `No table matches tables.include (${name}${include.length > 5 ? ', …' : ''}): there is nothing to balance.`;
  return { code: 'nothing-selected', key: 'tables.include', name, detail };
}

function identitiesOf({ tables }: Snapshot): readonly TableIdentity[] {
  return tables.flatMap((table) => [
    table,
    ...(table.logicalTables ?? []).map((logical) => ({ ...logical, catalog: table.catalog })),
  ]);
}

function withoutTable(patterns: readonly string[], tables: readonly TableIdentity[]): string[] {
  const ids = new Set(tables.map(({ id }) => id));
  const byName = patterns.filter((pattern) => !isDecimalId(pattern)).slice(0, MAX_PATTERNS);
  const unmatched = new Set(
    byName.filter((pattern) => !tables.some(compilePattern(pattern) ?? (() => true))),
  );
  return patterns.filter((pattern) => unmatched.has(pattern) || (isDecimalId(pattern) && !ids.has(pattern)));
}
