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
  const [catalog, schema, ...name] = parts.length > 2 ? parts : [DEFAULT_CATALOG, ...parts];
  const wanted = toRegExp([catalog!, schema!, name.join('.')]);
  return (table) => wanted.test(`${table.catalog}\0${table.schema}\0${table.name}`);
}

/** The separator is written `\x00`: `\0` before a name that begins with a digit would be an octal escape. */
function toRegExp(parts: readonly string[]): RegExp {
  const source = parts.map((part) =>
    part
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replace(/\*+/g, '[^\\x00]*')
      .replace(/\?/g, '[^\\x00]'),
  );
  return new RegExp(`^${source.join('\\x00')}$`, 's');
}

/** A compiled {@link TableSelection}. */
export interface TableSelector {
  /** Whether the table itself, or one of the logical tables that live in it, is in scope. Excluding the table itself wins. */
  selects(table: Table): boolean;
  /** The same for one name, be it of a table with regions or of a logical one. */
  selectsName(table: TableIdentity): boolean;
  /** Whether a table of that name might be selected, for readers that learn names before ids. False is certain. */
  mightSelectName?(table: Omit<TableIdentity, 'id'>): boolean;
  /** The tables to include, when the selection names all of them by id: a reader need not list the others. */
  readonly onlyIds?: readonly TableId[];
}

/**
 * Compiles a selection. An empty `include` selects everything.
 *
 * @throws TypeError on a pattern of no known form; the configuration's schema refuses those first.
 */
export function compileSelection(selection: TableSelection): TableSelector {
  const isIncluded = selection.include.length === 0 ? () => true : anyOf(selection.include);
  const isExcluded = anyOf(selection.exclude);
  const selectsName = (table: TableIdentity): boolean => isIncluded(table) && !isExcluded(table);
  const onlyIds = selection.include.length > 0 && selection.include.every(isDecimalId);
  const hasIds = selection.include.some(isDecimalId);
  return {
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
