import { isDecimalId } from '../lib/json.ts';
import type { TableId } from './ids.ts';
import type { Table } from './snapshot.ts';

/** Which tables the operator wants balanced. Patterns as in the configuration: see {@link compilePattern}. */
export interface TableSelection {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** The identity by which a table can be selected. */
export type TableIdentity = Pick<Table, 'id' | 'catalog' | 'schema' | 'name'>;

const DEFAULT_CATALOG = 'greptime';

/** GreptimeDB's own tables. */
export const DEFAULT_EXCLUDES: readonly string[] = ['greptime_private.*'];

/**
 * Compiles one pattern: a table id (decimal), `schema.table`, or `catalog.schema.table`; `*` stands for any run of
 * characters and `?` for one, within one part of the name. A last part may itself contain dots (`public.a.b` in full form).
 *
 * @returns a test, or undefined when the pattern has no such form (one part that is not an id, or an empty part).
 */
export function compilePattern(pattern: string): ((table: TableIdentity) => boolean) | undefined {
  if (isDecimalId(pattern)) return (table) => table.id === pattern;
  const parts = pattern.split('.');
  if (parts.length < 2 || parts.some((part) => part === '')) return undefined;
  const [inCatalog, inSchema, ...name] = parts.length > 2 ? parts : [DEFAULT_CATALOG, ...parts];
  const [catalog, schema, last] = [inCatalog!, inSchema!, name.join('.')].map(compilePart);
  return (table) => schema!(table.schema) && catalog!(table.catalog) && last!(table.name);
}

/** A hundred thousand tables are looked at for each plan: most patterns say no at a schema without any wildcard. */
function compilePart(part: string): (text: string) => boolean {
  if (!/[*?]/.test(part)) return (text) => text === part;
  const source = part
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  const wanted = new RegExp(`^${source}$`, 's');
  return (text) => wanted.test(text);
}

/** A compiled {@link TableSelection}. */
export interface TableSelector {
  /** Whether the table itself, or one of the logical tables that live in it, is in scope. Excluding the table itself wins. */
  selects(table: Table): boolean;
  /** The same for one name, be it of a table with regions or of a logical one. */
  selectsName(table: TableIdentity): boolean;
  /** Whether a table of that name might be selected, for readers that learn names before ids. False is certain. */
  mightSelectName?(table: Omit<TableIdentity, 'id'>): boolean;
  /** Patterns to exclude that no table had, of those that were asked about so far. Not known where only ids are asked about. */
  unmatchedExcludes(): readonly string[];
  /** The tables to include, when the selection names all of them by id: a reader need not list the others. */
  readonly onlyIds?: readonly TableId[];
}

/**
 * Compiles a selection. An empty `include` selects everything.
 *
 * @param options.everything selects all tables, and only takes note of what is excluded.
 * @throws TypeError on a pattern of no known form; the configuration's schema refuses those first.
 */
export function compileSelection(
  selection: TableSelection,
  { everything = false }: { readonly everything?: boolean } = {},
): TableSelector {
  const isIncluded = everything || selection.include.length === 0 ? () => true : anyOf(selection.include);
  const excludes = createExcludes(selection.exclude);
  const isExcluded = everything ? (table: TableIdentity) => excludes.match(table) && false : excludes.match;
  // What is excluded is asked first: each pattern that a table has is taken note of.
  const selectsName = (table: TableIdentity): boolean => !isExcluded(table) && isIncluded(table);
  const onlyIds = !everything && selection.include.length > 0 && selection.include.every(isDecimalId);
  const hasIds = selection.include.some(isDecimalId);
  return {
    unmatchedExcludes: () => (onlyIds ? [] : excludes.unmatched()),
    ...(onlyIds ? { onlyIds: [...new Set(selection.include)] } : {}),
    // No table has the empty id, so that only patterns of names are looked at.
    mightSelectName: (table) =>
      hasIds ? !isExcluded({ ...table, id: '' }) : selectsName({ ...table, id: '' }),
    selectsName,
    selects(table) {
      if (selectsName(table)) return true;
      if (isExcluded(table)) return false;
      return (
        table.logicalTables?.some((logical) => selectsName({ ...logical, catalog: table.catalog })) ?? false
      );
    },
  };
}

/** Looks at every pattern, and not only until the first that fits: there are few. */
function createExcludes(patterns: readonly string[]): {
  readonly match: (table: TableIdentity) => boolean;
  readonly unmatched: () => readonly string[];
} {
  const matched = new Set<string>();
  const tests = patterns.map((pattern) => ({ pattern, test: mustCompile(pattern) }));
  return {
    match(table) {
      let found = false;
      for (const { pattern, test } of tests) {
        if (!test(table)) continue;
        found = true;
        matched.add(pattern);
      }
      return found;
    },
    // The default excludes what a new cluster does not have yet.
    unmatched: () =>
      patterns.filter((pattern) => !matched.has(pattern) && !DEFAULT_EXCLUDES.includes(pattern)),
  };
}

/** Ids are looked up rather than compared one by one: there may be thousands. */
function anyOf(patterns: readonly string[]): (table: TableIdentity) => boolean {
  const ids = new Set(patterns.filter(isDecimalId));
  const names = patterns.filter((pattern) => !isDecimalId(pattern)).map(mustCompile);
  return (table) => ids.has(table.id) || names.some((matches) => matches(table));
}

function mustCompile(pattern: string): (table: TableIdentity) => boolean {
  const test = compilePattern(pattern);
  if (!test) throw new TypeError(`Not a table pattern: ${JSON.stringify(pattern)}`);
  return test;
}
