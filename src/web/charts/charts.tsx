import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { SeriesView } from '../../server/api/answers.ts';
import { Choice } from '../controls/choice.tsx';
import { Empty, Problem, Section } from '../controls/section.tsx';
import { useAnswer } from '../hooks/answer.ts';
import { useThrottled } from '../hooks/pace.ts';
import { usePageState } from '../page/page.ts';
import { Chart } from './chart.tsx';
import type { Figure } from './chart.tsx';

const RANGES = [
  ['15m', '15 min'],
  ['1h', '1 h'],
  ['6h', '6 h'],
  ['24h', '24 h'],
  ['7d', '7 d'],
  ['30d', '30 d'],
] as const;

const FIGURES: readonly Figure[] = [
  {
    title: 'Skew',
    unit: 'most minus least regions',
    look: 'lines',
    values: [
      { name: 'tables', of: ({ tableSkewMax }) => tableSkewMax },
      { name: 'datanodes', of: ({ nodeSkew }) => nodeSkew },
    ],
  },
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
function isUnknown({ nodeSkew, moved, failedMoves }: SeriesView['points'][number]): boolean {
  return nodeSkew === null && moved + failedMoves === 0;
}

/** From the stored history, so that a restart does not make it forget. */
export function Charts(): JSX.Element {
  const [range, setRange] = useState<(typeof RANGES)[number][0]>('15m');
  const revision = useThrottled(
    usePageState(({ revisions }) => revisions.cycles + revisions.moves),
    5_000,
  );
  const [cursor, setCursor] = useState<string | null>(null);
  const { value, problem } = useAnswer('/api/v1/series', { range, points: 120 }, revision);
  const aside = <Choice label="Time range" options={RANGES} value={range} onChange={setRange} />;
  return (
    <Section title="Over time" id="charts" aside={aside}>
      <Problem text={problem} />
      {value === null ? null : value.points.every(isUnknown) ? (
        <Empty>Nothing was recorded in this time.</Empty>
      ) : (
        <div class="charts" onMouseLeave={() => setCursor(null)}>
          {FIGURES.map((figure) => (
            <Chart key={figure.title} figure={figure} series={value} cursor={cursor} setCursor={setCursor} />
          ))}
        </div>
      )}
    </Section>
  );
}
