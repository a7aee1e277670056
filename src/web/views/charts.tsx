import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Page } from '../app.tsx';
import { get } from '../api.ts';
import { formatCount, formatSkew, formatTime } from '../format.ts';
import { useLoaded, useThrottled, useWidth } from '../hooks.ts';
import { useModel } from '../model.ts';
import type { SeriesView } from '../../server/api/answers.ts';
import { ticksOf } from './ticks.ts';
import { Choice, Empty, Problem, Section } from './parts.tsx';

type Point = SeriesView['points'][number];
type Range = '15m' | '1h' | '6h' | '24h' | '7d' | '30d';

const RANGES = [
  ['15m', '15 min'],
  ['1h', '1 h'],
  ['6h', '6 h'],
  ['24h', '24 h'],
  ['7d', '7 d'],
  ['30d', '30 d'],
] as const satisfies readonly (readonly [Range, string])[];

interface Line {
  readonly name: string;
  readonly className: string;
  readonly value: (point: Point) => number | null;
}

const SKEW: readonly Line[] = [
  { name: 'tables', className: 'line-a', value: ({ tableSkewMax }) => tableSkewMax },
  { name: 'datanodes', className: 'line-b', value: ({ nodeSkew }) => nodeSkew },
];
const SPREAD: readonly Line[] = [
  { name: 'most', className: 'line-a', value: ({ most }) => most },
  { name: 'least', className: 'line-b', value: ({ least }) => least },
];

/** From the stored history, so that a restart does not make it forget. */
export function Charts({ page }: { readonly page: Page }): JSX.Element {
  const [range, setRange] = useState<Range>('15m');
  const revision = useThrottled(
    useModel(page.store, (model) => model.cyclesRevision),
    2_000,
  );
  const { value, problem } = useLoaded(`${range}/${revision}`, (signal) =>
    get<SeriesView>('/api/v1/series', { range, points: 120 }, signal),
  );
  const aside = <Choice label="Time range" options={RANGES} value={range} onChange={setRange} />;
  return (
    <Section title="Over time" id="charts" aside={aside}>
      <Problem text={problem} />
      {value === null || value.points.length === 0 ? (
        <Empty>No cycle has ended in this time.</Empty>
      ) : (
        <div class="charts">
          <Chart title="Skew" series={value} lines={SKEW} />
          <Chart title="Regions moved" series={value} lines={[]} bars={({ moved }) => moved} />
          <Chart title="Regions by datanode" series={value} lines={SPREAD} />
        </div>
      )}
    </Section>
  );
}

const HEIGHT = 150;
const LEFT = 40;
const BOTTOM = 20;
const TOP = 8;

function Chart({
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
  const width = Math.max(200, useWidth(box));
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
