import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { SeriesView } from '../../server/api/answers.ts';
import { formatDuration } from '../../lib/duration.ts';
import { formatClock, formatCount, formatExact } from '../format.ts';
import { useVisible } from '../hooks/layout.ts';
import { ticksOf } from './ticks.ts';

type Point = SeriesView['points'][number];

/** What a chart shows: lines, each of which holds until its next value, or the bars of what happened in each step. */
export interface Figure {
  readonly title: string;
  readonly unit: string;
  readonly look: 'lines' | 'bars';
  readonly values: readonly Value[];
}

interface Value {
  readonly name: string;
  /** Null where it is not known: a cycle that failed knows no counts. */
  readonly of: (point: Point) => number | null;
}

interface ChartProps {
  readonly figure: Figure;
  readonly series: SeriesView;
  /** The time that the mouse points to, in any of the charts. */
  readonly cursorMs: number | null;
  readonly setCursorMs: (atMs: number | null) => void;
}

const HEIGHT = 168;
const LEFT = 40;
const RIGHT = 8;
const BOTTOM = HEIGHT - 20;
const TOP = 26;
/** One bar for each step would be a hair. */
const STEPS_OF_BAR = 6;

/** One figure over time. */
export function Chart({ figure, series, cursorMs, setCursorMs }: ChartProps): JSX.Element {
  const { title, look, values } = figure;
  const { until } = series;
  const isBars = look === 'bars';
  const barMs = series.stepSeconds * 1_000 * STEPS_OF_BAR;
  const points = isBars ? inBars(series.points, barMs) : series.points;
  const unit = isBars ? `${figure.unit} in ${formatDuration(barMs)}` : figure.unit;
  const box = useRef<HTMLElement>(null);
  const right = Math.max(200, useVisible(box).width) - RIGHT;
  const [from, to] = [beginOf(series, barMs), Date.parse(until)];
  const ticks = ticksOf(Math.max(1, ...points.flatMap((point) => values.map(({ of }) => of(point) ?? 0))));
  const x = (at: string | number): number =>
    LEFT + ((new Date(at).getTime() - from) / Math.max(1, to - from)) * (right - LEFT);
  const y = (value: number): number => BOTTOM - (value / (ticks.at(-1) ?? 1)) * (BOTTOM - TOP);
  const pointed = cursorMs === null ? null : nearest(points, cursorMs);
  const words = describe(pointed ? [pointed] : points, figure);
  const when = pointed ? formatClock(pointed.at) : isBars ? 'in this time' : 'latest';
  return (
    <figure class="chart" ref={box}>
      <figcaption>
        <h3>{title}</h3>
        <span class="dim">
          {when}: {words}
        </span>
      </figcaption>
      <svg
        width={right + RIGHT}
        height={HEIGHT}
        role="img"
        aria-label={`${title}, ${unit}, until ${formatExact(until)}. ${when}: ${words}.`}
        onMouseMove={({ offsetX }) => setCursorMs(from + ((offsetX - LEFT) / (right - LEFT)) * (to - from))}
      >
        <text class="tick" x={0} y={11}>
          {unit}
        </text>
        {ticks.map((tick) => (
          <g key={tick}>
            <line class="grid-line" x1={LEFT} x2={right} y1={y(tick)} y2={y(tick)} />
            <text class="tick" x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
              {formatCount(tick)}
            </text>
          </g>
        ))}
        <text class="tick" x={LEFT} y={HEIGHT - 4}>
          {formatClock(new Date(from).toISOString())}
        </text>
        <text class="tick" x={right} y={HEIGHT - 4} text-anchor="end">
          {formatClock(until)}
        </text>
        {values.map(({ name, of }, index) =>
          isBars ? (
            <path
              key={name}
              class={`bar-${index}`}
              d={barPath(points, of, x, y, { barMs, untilMs: to, index, count: values.length })}
            />
          ) : (
            <path key={name} class={`line line-${index}`} d={linePath(points, of, x, y, right)} />
          ),
        )}
        {pointed && <path class="cursor" d={`M${x(pointed.at)} ${TOP}V${BOTTOM}`} />}
      </svg>
      {values.length > 1 && (
        <ul class="legend" aria-hidden="true">
          {values.map(({ name }, index) => (
            <li key={name}>
              {isBars ? (
                <span class={`swatch bar-${index}`} />
              ) : (
                <svg width={22} height={2}>
                  <path class={`line line-${index}`} d="M0 1H22" />
                </svg>
              )}
              {name}
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
}

/** A history that is younger than the range fills the chart all the same; at least a minute is shown, and whole bars. */
function beginOf({ since, until, points, stepSeconds }: SeriesView, barMs: number): number {
  const first = Date.parse(points[0]?.at ?? since) - stepSeconds * 1_000;
  const from = Math.max(Date.parse(since), Math.min(first, Date.parse(until) - 60_000));
  return Math.floor(from / barMs) * barMs;
}

/** What happened in steps of so many ms since 1970; the rest of a point is as in the first of its step. */
function inBars(points: readonly Point[], barMs: number): readonly Point[] {
  const bars = Map.groupBy(points, ({ at }) => Math.floor(Date.parse(at) / barMs) * barMs);
  const sum = (group: readonly Point[], part: 'moved' | 'failedMoves'): number =>
    group.reduce((total, point) => total + point[part], 0);
  return [...bars].map(([atMs, group]) => ({
    ...group[0]!,
    at: new Date(atMs).toISOString(),
    moved: sum(group, 'moved'),
    failedMoves: sum(group, 'failedMoves'),
  }));
}

type Scale = (value: number) => number;

function linePath(
  points: readonly Point[],
  of: Value['of'],
  x: (at: string) => number,
  y: Scale,
  right: number,
): string {
  let path = '';
  for (const point of points) {
    const value = of(point);
    if (value === null) continue;
    const left = x(point.at).toFixed(1);
    path += path === '' ? `M${left} ${y(value).toFixed(1)}` : `H${left}V${y(value).toFixed(1)}`;
  }
  return path === '' ? '' : `${path}H${right}`;
}

function barPath(
  points: readonly Point[],
  of: Value['of'],
  x: (at: string | number) => number,
  y: Scale,
  { barMs, untilMs, index, count }: Readonly<Record<'barMs' | 'untilMs' | 'index' | 'count', number>>,
): string {
  return points
    .filter((point) => (of(point) ?? 0) > 0)
    .map((point) => {
      const begin = Date.parse(point.at);
      // The last step is not over: its bars end with the chart.
      const widthMs = (0.7 * (Math.min(begin + barMs, untilMs) - begin)) / count;
      const width = Math.max(2, x(begin + widthMs) - x(begin));
      const left = x(begin) + index * width;
      const right = left + width;
      return `M${left} ${y(0)}V${y(of(point) ?? 0)}H${right}V${y(0)}Z`;
    })
    .join('');
}

function nearest(points: readonly Point[], atMs: number): Point | null {
  const distance = ({ at }: Point): number => Math.abs(Date.parse(at) - atMs);
  return points.reduce<Point | null>((a, b) => (a && distance(a) <= distance(b) ? a : b), null);
}

/** The last values of lines, the sums of bars. */
function describe(points: readonly Point[], { look, values }: Figure): string {
  const texts = values.map(({ name, of }) => {
    const known = points.map(of).filter((value) => value !== null);
    const value = look === 'bars' ? known.reduce((sum, each) => sum + each, 0) : known.at(-1);
    return `${name} ${value === undefined ? '–' : formatCount(value)}`;
  });
  return texts.join(', ');
}
