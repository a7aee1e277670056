import type { DatanodeId } from '../../domain/ids.ts';
import { isoTime } from '../../observability/event-view.ts';
import type { SeriesView } from './answers.ts';

export interface SeriesQuery {
  /** How far back, in ms. */
  readonly rangeMs: number;
  /** At most so many steps. */
  readonly points: number;
}

/** One finished cycle of the stored history. Times in ms since 1970. */
export interface PastCycle {
  readonly endedAtMs: number;
  readonly failed: boolean;
  readonly moved: number;
  readonly tableSkewMax?: number | undefined;
  readonly nodeSkew?: number | undefined;
}

/** How many regions each datanode led at one time. */
export interface PastSample {
  readonly atMs: number;
  readonly regions: Readonly<Record<DatanodeId, number>>;
}

type Point = { -readonly [Key in keyof SeriesView['points'][number]]: SeriesView['points'][number][Key] };

/** Joins cycles and samples into steps of equal length: sums of what was done, the greatest of what was seen. */
export function buildSeries(
  { rangeMs, points }: SeriesQuery,
  nowMs: number,
  cycles: readonly PastCycle[],
  samples: readonly PastSample[],
): SeriesView {
  const sinceMs = nowMs - rangeMs;
  const stepMs = rangeMs / points;
  const steps = new Map<number, Point>();
  const stepAt = (atMs: number): Point => {
    const index = Math.min(points - 1, Math.max(0, Math.floor((atMs - sinceMs) / stepMs)));
    const known = steps.get(index) ?? emptyPoint(isoTime(sinceMs + index * stepMs));
    steps.set(index, known);
    return known;
  };
  for (const { endedAtMs, failed, moved, tableSkewMax, nodeSkew } of cycles) {
    const point = stepAt(endedAtMs);
    point.cycles += 1;
    point.failed += failed ? 1 : 0;
    point.moved += moved;
    point.tableSkewMax = greater(point.tableSkewMax, tableSkewMax);
    point.nodeSkew = greater(point.nodeSkew, nodeSkew);
  }
  for (const { atMs, regions } of samples) {
    const counts = Object.values(regions);
    if (counts.length === 0) continue;
    const point = stepAt(atMs);
    const least = counts.reduce((a, b) => Math.min(a, b));
    point.least = point.least === null ? least : Math.min(point.least, least);
    point.most = greater(
      point.most,
      counts.reduce((a, b) => Math.max(a, b)),
    );
  }
  const inOrder = [...steps].sort(([a], [b]) => a - b).map(([, point]) => point);
  return { since: isoTime(sinceMs), until: isoTime(nowMs), stepSeconds: stepMs / 1_000, points: inOrder };
}

function emptyPoint(at: string): Point {
  return { at, cycles: 0, failed: 0, moved: 0, tableSkewMax: null, nodeSkew: null, least: null, most: null };
}

function greater(a: number | null, b: number | undefined): number | null {
  if (b === undefined) return a;
  return a === null ? b : Math.max(a, b);
}
