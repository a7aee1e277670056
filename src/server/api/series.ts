import { isoTime } from '../../observability/event-view.ts';
import type { SeriesView } from './answers.ts';

type Point = SeriesView['points'][number];

/** What is known of one step. */
export type SeriesStep = Omit<Point, 'at'> & {
  /** When it begins, in ms since 1970. */
  readonly atMs: number;
};

/** Joins what is known of the same step. `steps` are in order. */
export function buildSeries(
  {
    sinceMs,
    untilMs,
    stepMs,
  }: { readonly sinceMs: number; readonly untilMs: number; readonly stepMs: number },
  steps: readonly SeriesStep[],
): SeriesView {
  const points = new Map<number, Point>();
  for (const { atMs, ...found } of steps) {
    const known = points.get(atMs);
    points.set(atMs, known ? join(known, found) : { at: isoTime(atMs), ...found });
  }
  return {
    since: isoTime(sinceMs),
    until: isoTime(untilMs),
    stepSeconds: stepMs / 1_000,
    points: [...points.values()],
  };
}

/** Sums of what was done, the extremes of what was seen. */
function join(a: Point, b: Omit<Point, 'at'>): Point {
  return {
    at: a.at,
    cycles: a.cycles + b.cycles,
    failed: a.failed + b.failed,
    moved: a.moved + b.moved,
    tableSkewMax: pick(Math.max, a.tableSkewMax, b.tableSkewMax),
    nodeSkew: pick(Math.max, a.nodeSkew, b.nodeSkew),
    least: pick(Math.min, a.least, b.least),
    most: pick(Math.max, a.most, b.most),
  };
}

function pick(of: (a: number, b: number) => number, a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return of(a, b);
}
