import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Choice } from '../controls/choice.tsx';
import { Empty, Problem, Section } from '../controls/section.tsx';
import { useAnswer } from '../hooks/answer.ts';
import { useThrottled } from '../hooks/time.ts';
import { usePageState } from '../page/page.ts';
import { Chart } from './chart.tsx';
import type { Line } from './chart.tsx';

const RANGES = [
  ['15m', '15 min'],
  ['1h', '1 h'],
  ['6h', '6 h'],
  ['24h', '24 h'],
  ['7d', '7 d'],
  ['30d', '30 d'],
] as const;

const SKEW: readonly Line[] = [
  { name: 'tables', className: 'line-a', value: ({ tableSkewMax }) => tableSkewMax },
  { name: 'datanodes', className: 'line-b', value: ({ nodeSkew }) => nodeSkew },
];
const SPREAD: readonly Line[] = [
  { name: 'most', className: 'line-a', value: ({ most }) => most },
  { name: 'least', className: 'line-b', value: ({ least }) => least },
];

/** From the stored history, so that a restart does not make it forget. */
export function Charts(): JSX.Element {
  const [range, setRange] = useState<(typeof RANGES)[number][0]>('15m');
  const revision = useThrottled(
    usePageState(({ cyclesRevision, movesRevision }) => cyclesRevision + movesRevision),
    5_000,
  );
  const { value, problem } = useAnswer('/api/v1/series', { range, points: 120 }, revision);
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
