import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { formatDuration } from '../../lib/duration.ts';
import type { SeriesView } from '../../server/api/answers.ts';
import { formatClock, formatCount, formatExact } from '../format.ts';
import { useVisible } from '../hooks/layout.ts';
import { ticksOf } from './ticks.ts';

type Point = SeriesView['points'][number];

/** What a chart shows: two lines at most, or bars. */
export interface Figure {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly bars?: (point: Point) => number;
}

interface Line {
  readonly name: string;
  readonly value: (point: Point) => number | null;
}

interface ChartProps extends Figure {
  readonly series: SeriesView;
  /** `at` of the point that the mouse points to, in any of the charts. */
  readonly cursor: string | null;
  readonly setCursor: (at: string | null) => void;
}

const HEIGHT = 168;
const LEFT = 40;
const RIGHT = 8;
const BOTTOM = 20;
const TOP = 26;

/** One figure over time. */
export function Chart({ title, unit, lines, bars, series, cursor, setCursor }: ChartProps): JSX.Element {
  const box = useRef<HTMLElement>(null);
  const width = Math.max(200, useVisible(box).width);
  const { points, until, stepSeconds } = series;
  const [from, to] = [beginOf(series), Date.parse(until)];
  const right = width - RIGHT;
  const x = (atMs: number): number => LEFT + ((atMs - from) / Math.max(1, to - from)) * (right - LEFT);
  const ticks = ticksOf(highest(points, lines, bars));
  const top = ticks.at(-1) ?? 1;
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP);
  const barWidth = Math.max(2, (x(from + stepSeconds * 1_000) - LEFT) * 0.7);
  const pointed = points.find(({ at }) => at === cursor);
  // A cycle that failed knows no counts.
  const shown =
    pointed ?? points.findLast((point) => bars ?? lines.some(({ value }) => value(point) !== null));
  const words = shown ? describe(shown, lines, bars) : 'nothing';
  return (
    <figure class="chart" ref={box}>
      <figcaption>
        <h3>{title}</h3>
        <span class="dim">
          {pointed ? formatClock(pointed.at) : 'latest'}: {words}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`${title}, ${unit}, from ${formatExact(new Date(from).toISOString())} to ${formatExact(until)}. Latest: ${words}.`}
        onMouseMove={({ offsetX }) => {
          const atMs = from + ((offsetX - LEFT) / (right - LEFT)) * (to - from);
          setCursor(nearest(points, atMs));
        }}
      >
        <text class="tick" x={0} y={11}>
          {unit}
          {bars && ` per ${formatDuration(stepSeconds * 1_000)}`}
        </text>
        <Grid ticks={ticks} y={y} right={right} from={from} to={to} />
        {bars &&
          points
            .filter((each) => bars(each) > 0)
            .map((each) => (
              <rect
                key={each.at}
                class="bar"
                x={x(Date.parse(each.at))}
                y={y(bars(each))}
                width={barWidth}
                height={Math.max(1, y(0) - y(bars(each)))}
                rx={1}
              />
            ))}
        {lines.map(({ name, value }, index) => (
          <path key={name} class={`line line-${index}`} d={stepPath(points, value, x, y, right)} />
        ))}
        {pointed && (
          <line
            class="cursor"
            x1={x(Date.parse(pointed.at))}
            x2={x(Date.parse(pointed.at))}
            y1={TOP}
            y2={HEIGHT - BOTTOM}
          />
        )}
      </svg>
      {lines.length > 0 && (
        <ul class="legend" aria-hidden="true">
          {lines.map(({ name }, index) => (
            <li key={name}>
              <span class={`stroke line-${index}`} />
              {name}
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
}

function Grid({
  ticks,
  y,
  right,
  from,
  to,
}: {
  readonly ticks: readonly number[];
  readonly y: (value: number) => number;
  readonly right: number;
  readonly from: number;
  readonly to: number;
}): JSX.Element {
  const time = (atMs: number): string => formatClock(new Date(atMs).toISOString());
  return (
    <>
      {ticks.map((tick) => (
        <g key={tick}>
          <line class="grid-line" x1={LEFT} x2={right} y1={y(tick)} y2={y(tick)} />
          <text class="tick" x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
            {formatCount(tick)}
          </text>
        </g>
      ))}
      <text class="tick" x={LEFT} y={HEIGHT - 4}>
        {time(from)}
      </text>
      <text class="tick" x={right} y={HEIGHT - 4} text-anchor="end">
        {time(to)}
      </text>
    </>
  );
}

function highest(points: readonly Point[], lines: readonly Line[], bars: Figure['bars']): number {
  const values = points.flatMap((point) => [
    ...lines.map(({ value }) => value(point) ?? 0),
    ...(bars ? [bars(point)] : []),
  ]);
  return Math.max(1, ...values);
}

/** A history that is younger than the range fills the chart all the same; at least a minute is shown. */
function beginOf({ since, until, points, stepSeconds }: SeriesView): number {
  const first = Date.parse(points[0]?.at ?? since) - stepSeconds * 1_000;
  return Math.max(Date.parse(since), Math.min(first, Date.parse(until) - 60_000));
}

/** A value holds until the next one is known. */
function stepPath(
  points: readonly Point[],
  value: Line['value'],
  x: (atMs: number) => number,
  y: (value: number) => number,
  right: number,
): string {
  let path = '';
  for (const point of points) {
    const at = value(point);
    if (at === null) continue;
    const left = x(Date.parse(point.at)).toFixed(1);
    path += path === '' ? `M${left} ${y(at).toFixed(1)}` : `H${left}V${y(at).toFixed(1)}`;
  }
  return path === '' ? '' : `${path}H${right}`;
}

function nearest(points: readonly Point[], atMs: number): string | null {
  const distance = ({ at }: Point): number => Math.abs(Date.parse(at) - atMs);
  let best = points[0];
  for (const point of points) if (best && distance(point) < distance(best)) best = point;
  return best?.at ?? null;
}

function describe(point: Point, lines: readonly Line[], bars: Figure['bars']): string {
  if (bars) return formatCount(bars(point));
  return lines
    .map(({ name, value }) => {
      const at = value(point);
      return `${name} ${at === null ? '–' : formatCount(at)}`;
    })
    .join(', ');
}
