import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { SeriesView } from '../../server/api/answers.ts';
import { formatCount, formatSkew, formatTime } from '../format.ts';
import { useVisible } from '../hooks/layout.ts';
import { ticksOf } from './ticks.ts';

type Point = SeriesView['points'][number];

export interface Line {
  readonly name: string;
  readonly className: string;
  readonly value: (point: Point) => number | null;
}

const HEIGHT = 150;
const LEFT = 40;
const BOTTOM = 20;
const TOP = 8;

/** One figure over time: lines, or bars. */
export function Chart({
  title,
  series,
  lines,
  bars,
}: {
  readonly title: string;
  readonly series: SeriesView;
  readonly lines: readonly Line[];
  readonly bars?: (point: Point) => number;
}): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const width = Math.max(200, useVisible(box).width);
  const [pointed, setPointed] = useState<Point | null>(null);
  const { points, since, until } = series;
  const [from, to] = [beginOf(series), Date.parse(until)];
  const values = points.flatMap((point) => [
    ...lines.map(({ value }) => value(point) ?? 0),
    ...(bars ? [bars(point)] : []),
  ]);
  const ticks = ticksOf(Math.max(1, ...values));
  const top = ticks.at(-1) ?? 1;
  const x = (atMs: number): number => LEFT + ((atMs - from) / Math.max(1, to - from)) * (width - LEFT - 8);
  const y = (value: number): number => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - TOP);
  const barWidth = Math.max(2, (x(from + series.stepSeconds * 1_000) - LEFT) * 0.7);
  const point = (event: MouseEvent): void => {
    const atMs = from + ((event.offsetX - LEFT) / (width - LEFT - 8)) * (to - from);
    setPointed(nearest(points, atMs));
  };
  // A cycle that failed knows no counts.
  const shown =
    pointed ?? points.findLast((point) => bars ?? lines.some(({ value }) => value(point) !== null));
  return (
    <figure class="chart" ref={box}>
      <figcaption>
        <h3>{title}</h3>
        <span class="dim">
          {shown && `${pointed ? formatTime(shown.at) : 'latest'}: ${describe(shown, lines, bars)}`}
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`${title} from ${formatTime(since)} to ${formatTime(until)}. Latest: ${shown ? describe(shown, lines, bars) : 'nothing'}.`}
        onMouseMove={point}
        onMouseLeave={() => setPointed(null)}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line class="grid-line" x1={LEFT} x2={width - 8} y1={y(tick)} y2={y(tick)} />
            <text class="tick" x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
              {formatCount(tick)}
            </text>
          </g>
        ))}
        <text class="tick" x={LEFT} y={HEIGHT - 4}>
          {formatTime(new Date(from).toISOString())}
        </text>
        <text class="tick" x={width - 8} y={HEIGHT - 4} text-anchor="end">
          {formatTime(until)}
        </text>
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
        {lines.map(({ name, className, value }) => (
          <path key={name} class={`line ${className}`} d={stepPath(points, value, x, y, width - 8)} />
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
          {lines.map(({ name, className }) => (
            <li key={name}>
              <span class={`swatch ${className}`} />
              {name}
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
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

function nearest(points: readonly Point[], atMs: number): Point | null {
  let best: Point | null = null;
  for (const point of points)
    if (!best || Math.abs(Date.parse(point.at) - atMs) < Math.abs(Date.parse(best.at) - atMs)) best = point;
  return best;
}

function describe(
  point: Point,
  lines: readonly Line[],
  bars: ((point: Point) => number) | undefined,
): string {
  if (bars) return formatCount(bars(point));
  return lines
    .map(({ name, value }) => {
      const at = value(point);
      return `${name} ${at === null ? '–' : formatSkew(at)}`;
    })
    .join(', ');
}
