import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { countsForSkew } from '../../domain/datanode-state.ts';
import type { SeriesView, StatusView } from '../../server/api/answers.ts';
import { Choice } from '../controls/choice.tsx';
import { Empty, Problem, Section } from '../controls/section.tsx';
import { skewScopeText } from '../datanodes/left-out.ts';
import { useAnswer } from '../hooks/answer.ts';
import { useThrottled } from '../hooks/pace.ts';
import { usePageState } from '../page/page.ts';
import { Chart } from './chart.tsx';
import type { Figure } from './chart.tsx';

type Point = SeriesView['points'][number];

/** About one for each pixel of a line, so that it shows every move: 2.5 s in 15 minutes. */
const STEPS = 360;

const RANGES = [
  ['15m', '15 min'],
  ['1h', '1 h'],
  ['6h', '6 h'],
  ['24h', '24 h'],
  ['7d', '7 d'],
  ['30d', '30 d'],
] as const;

/** Where load is evened out, datanodes are not compared by how many regions they lead. */
function skewFigure(isByLoad: boolean): Figure {
  const tables: Figure['values'][number] = { name: 'tables', of: ({ tableSkewMax }) => tableSkewMax };
  const datanodes: Figure['values'][number] = { name: 'datanodes', of: ({ nodeSkew }) => nodeSkew };
  return {
    title: 'Skew',
    unit: 'most minus least regions',
    look: 'lines',
    values: isByLoad ? [tables] : [tables, datanodes],
  };
}

const FIGURES: readonly Figure[] = [
  {
    title: 'Moves',
    unit: 'regions',
    look: 'bars',
    values: [
      { name: 'moved', of: ({ moved }) => moved },
      { name: 'failed', of: ({ failedMoves }) => failedMoves },
    ],
  },
  {
    title: 'Regions per datanode',
    unit: 'regions',
    look: 'lines',
    values: [
      { name: 'most', of: ({ most }) => most },
      { name: 'least', of: ({ least }) => least },
    ],
  },
];

/** Of cycles that failed, and moved nothing. */
function isUnknown({ nodeSkew, moved, failedMoves }: Point): boolean {
  return nodeSkew === null && moved + failedMoves === 0;
}

/** From the stored history, so that a restart does not make it forget, up to this moment, so that it follows each move. */
export function Charts(): JSX.Element {
  const [range, setRange] = useState<(typeof RANGES)[number][0]>('15m');
  const revision = useThrottled(
    usePageState(({ revisions }) => revisions.cycles + revisions.moves),
    5_000,
  );
  const [cursorMs, setCursorMs] = useState<number | null>(null);
  const status = usePageState((state) => state.status);
  const nowMs = usePageState((state) => state.nowMs);
  const { value, problem } = useAnswer('/api/v1/series', { range, points: STEPS }, revision);
  const series = value && status && withNow(value, status, nowMs);
  const scope = skewScopeText(status?.datanodes ?? []);
  const aside = <Choice label="Time range" options={RANGES} value={range} onChange={setRange} />;
  return (
    <Section title="Over time" id="charts" aside={aside}>
      <Problem text={problem} />
      {series === null ? null : series.points.every(isUnknown) ? (
        <Empty>Nothing was recorded in this time.</Empty>
      ) : (
        <>
          <div class="charts" onMouseLeave={() => setCursorMs(null)}>
            {[skewFigure(Boolean(status?.load)), ...FIGURES].map((figure) => (
              <Chart
                key={figure.title}
                figure={figure}
                series={series}
                cursorMs={cursorMs}
                setCursorMs={setCursorMs}
              />
            ))}
          </div>
          {scope !== '' && <p class="dim small">Skew and regions per datanode: {scope}.</p>}
        </>
      )}
    </Section>
  );
}

/** With how it is now as the last point: what is stored is a step behind. Without contact nobody knows how it is. */
function withNow(series: SeriesView, { balance, datanodes, verdict }: StatusView, nowMs: number): SeriesView {
  if (verdict.code === 'lost-contact') return series;
  const until = new Date(Math.max(nowMs, Date.parse(series.until))).toISOString();
  if (!balance) return { ...series, until };
  const counts = datanodes.filter(({ state }) => countsForSkew(state)).map(({ regions }) => regions);
  const now: Point = {
    ...{ at: until, cycles: 0, failed: 0, moved: 0, failedMoves: 0, ...balance.now },
    least: counts.length > 0 ? Math.min(...counts) : null,
    most: counts.length > 0 ? Math.max(...counts) : null,
  };
  return { ...series, until, points: [...series.points, now] };
}
