import { loadTexts } from '../../domain/load-text.ts';
import type { LoadMeasure } from '../../domain/load.ts';
import type { Balance, Plan } from '../../domain/plan.ts';

const NAMES: Readonly<Record<LoadMeasure, string>> = {
  writes: 'Writes',
  disk: 'Size on disk',
  rows: 'Rows',
};

/** What a datanode carries, before and after: `9.1 → 6.4 MB/s`. Undefined where regions are counted. */
export function loadCells({ before, after }: Plan): ((id: string) => string) | undefined {
  const { load } = before;
  if (!load) return undefined;
  const { number, whole } = loadTexts(load.by, load.mean);
  const [earlier, later] = [before, after].map(loadsById);
  return (id) => {
    const [from, to] = [earlier?.get(id), later?.get(id)];
    if (from === undefined || to === undefined) return '';
    return number(from) === number(to) ? whole(from) : `${number(from)} → ${whole(to)}`;
  };
}

function loadsById({ datanodes }: Balance): Map<string, number> {
  return new Map(datanodes.flatMap(({ id, load }) => (load === undefined ? [] : [[id, load] as const])));
}

/** `Writes per datanode: mean 6.0 MB/s, even within 5.4 to 6.6; highest 9.1 → 6.4, lowest 3.9 → 5.6.` */
export function loadLine({ before, after }: Plan): string | undefined {
  const { load } = before;
  if (!load) return undefined;
  const { number, whole } = loadTexts(load.by, load.mean);
  const each = (balance: Balance): number[] =>
    balance.datanodes.flatMap((node) => (node.load === undefined ? [] : [node.load / node.weight]));
  const change = (pick: (values: number[]) => number): string => {
    const [from, to] = [number(pick(each(before))), number(pick(each(after)))];
    return from === to ? from : `${from} → ${to}`;
  };
  const most = (values: number[]): number => values.reduce((high, value) => Math.max(high, value), 0);
  const least = (values: number[]): number => values.reduce((low, value) => Math.min(low, value), Infinity);
  const weighted = before.datanodes.some(({ weight }) => weight !== 1) ? ' for its weight' : '';
  return (
    `${NAMES[load.by]} per datanode${weighted}: mean ${whole(load.mean)}, even within ${number(load.low)} to ${number(load.high)}; ` +
    `highest ${change(most)}, lowest ${change(least)}.`
  );
}
