import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
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

const CHARTS: readonly Figure[] = [
  {
    title: 'Skew',
    unit: 'most minus least regions',
    lines: [
      { name: 'tables', value: ({ tableSkewMax }) => tableSkewMax },
      { name: 'datanodes', value: ({ nodeSkew }) => nodeSkew },
    ],
  },
  {
    title: 'Moves',
    unit: 'regions moved',
    lines: [],
    bars: ({ moved }) => moved,
  },
  {
    title: 'Regions per datanode',
    unit: 'regions',
    lines: [
      { name: 'most', value: ({ most }) => most },
      { name: 'least', value: ({ least }) => least },
    ],
  },
];

/** From the stored history, so that a restart does not make it forget. */
export function Charts(): JSX.Element {
  const [range, setRange] = useState<(typeof RANGES)[number][0]>('15m');
  const revision = useThrottled(
    usePageState(({ cyclesRevision, movesRevision }) => cyclesRevision + movesRevision),
    5_000,
  );
  const [cursor, setCursor] = useState<string | null>(null);
  const { value, problem } = useAnswer('/api/v1/series', { range, points: 120 }, revision);
  const aside = <Choice label="Time range" options={RANGES} value={range} onChange={setRange} />;
  return (
    <Section title="Over time" id="charts" aside={aside}>
      <Problem text={problem} />
      {value === null || value.points.length === 0 ? (
        <Empty>No cycle ended in this time.</Empty>
      ) : (
        <div class="charts" onMouseLeave={() => setCursor(null)}>
          {CHARTS.map((chart) => (
            <Chart key={chart.title} {...chart} series={value} cursor={cursor} setCursor={setCursor} />
          ))}
        </div>
      )}
    </Section>
  );
}
