import { isObject } from './json-file.ts';
import { formatBytes, formatNumber } from '../lib/number.ts';

/** The facts of an explanation in words: for command line and page alike. */

type Fields = Readonly<Record<string, unknown>>;

/** What names of the API are called; others are spelled as words. */
const LABELS: Readonly<Record<string, string>> = {
  after: 'after the plan',
  diskBytes: 'on disk',
  gives: 'move away',
  memtableBytes: 'in the memtable',
  mayLead: 'may take it',
  receives: 'move to it',
  seq: 'move',
  share: 'fair share',
  spread: 'per datanode',
  targets: 'where it may go',
  writeBytesPerSecond: 'written per second',
};

/** `tableId` as `table id`. */
export function factLabel(name: string): string {
  return LABELS[name] ?? name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** Whether a fact is a table of several rows. */
export function isFactTable(value: unknown): value is Fields[] {
  return Array.isArray(value) && value.length > 0 && value.every(isObject);
}

/** Any other fact. Text of the cluster is in it as it came. */
export function factText(name: string, value: unknown): string {
  if (typeof value === 'number') return /bytes/i.test(name) ? formatBytes(value) : formatNumber(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map((item) => factText(name, item)).join(', ') || 'none';
  if (!isObject(value)) return 'none';
  return Object.entries(withShare(value))
    .map(([key, field]) => (key === 'share' ? String(field) : `${factLabel(key)} ${factText(key, field)}`))
    .join(', ');
}

/** `1 to 2` as one field for `floor` and `ceil`. */
export function withShare({ floor, ceil, ...others }: Fields): Fields {
  if (typeof floor !== 'number' || typeof ceil !== 'number') return { ...others };
  const share = floor === ceil ? formatNumber(floor) : `${formatNumber(floor)} to ${formatNumber(ceil)}`;
  return { ...others, share };
}
