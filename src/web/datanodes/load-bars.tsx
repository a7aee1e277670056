import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { fromMean, loadTexts } from '../../domain/load-text.ts';
import type { LoadTexts } from '../../domain/load-text.ts';
import type { LoadMeasure, LoadState } from '../../domain/load.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { Quantities } from '../controls/quantities.tsx';
import { Section } from '../controls/section.tsx';
import { formatCount } from '../format.ts';
import { useVisible } from '../hooks/layout.ts';
import { useDatanodes, usePageState } from '../page/page.ts';
import { BarList } from './bar-list.tsx';
import { BarRow, changeParts } from './bar-row.tsx';
import { loadScopeText } from './left-out.ts';
import { Legend } from './legend.tsx';

type Load = NonNullable<StatusView['load']>;

const TITLES: Readonly<Record<LoadMeasure, string>> = {
  writes: 'Load: bytes written per second',
  disk: 'Load: bytes on disk',
  rows: 'Load: rows',
};
const STATES: Readonly<Record<LoadState, string>> = {
  even: 'even',
  tolerated: 'even enough',
  waiting: 'uneven, too early to act on it',
  uneven: 'uneven',
};
/** So few stand below each other, so that their lines do too. In pixels: the least width of a column of more. */
const ONE_COLUMN = 12;
const COLUMN = 560;

interface Bar {
  readonly id: string;
  readonly weight: number;
  readonly now: number;
  readonly after: number;
}

/** What each datanode carries, now and after the plan, with the band that it should lie in. Nothing where regions are counted. */
export function LoadBars(): JSX.Element | null {
  const load = usePageState(({ status }) => status?.load) ?? null;
  return load && <LoadPanel load={load} />;
}

function LoadPanel({ load }: { readonly load: Load }): JSX.Element {
  const datanodes = useDatanodes();
  const box = useRef<HTMLDivElement>(null);
  const { width } = useVisible(box);
  const bars = datanodes
    .flatMap(({ id, weight, load: now, loadAfter: after }): readonly Bar[] =>
      now === null || after === null ? [] : [{ id, weight, now, after }],
    )
    .sort((a, b) => b.now / b.weight - a.now / a.weight);
  const most = bars.reduce(
    (high, { now, after, weight }) => Math.max(high, now, after, (load.trigger ?? load.high) * weight),
    1,
  );
  const texts = loadTexts(load.by, load.mean);
  const { number, whole } = texts;
  const isFew = bars.length <= ONE_COLUMN;
  return (
    <Section title={TITLES[load.by]} id="load" aside={<small class="dim">{STATES[load.state]}</small>}>
      <div ref={box}>
        <p class="dim">
          <Quantities text={summaryOf(bars, load, whole(load.mean), datanodes)} />
        </p>
        <BarList
          bars={bars}
          columns={isFew ? 1 : Math.floor(width / COLUMN)}
          class={isFew ? 'loads few' : 'loads'}
        >
          {(bar) => <LoadBar bar={bar} load={load} most={most} texts={texts} />}
        </BarList>
      </div>
      <Legend
        label="Legend of the load"
        keys={[
          { look: 'stays', text: 'now' },
          { look: 'over', text: 'leaves' },
          { look: 'comes', text: 'comes' },
          { look: 'target', text: `mean: ${whole(load.mean)}` },
          { look: 'band', text: `even: ${number(load.low)} to ${whole(load.high)}` },
          ...(load.trigger === undefined
            ? []
            : [{ look: 'trigger', text: `moves begin above ${whole(load.trigger)}` }]),
        ]}
      />
    </Section>
  );
}

/** The fullest and the emptiest, by how much; of loads divided by weight. */
function summaryOf(
  bars: readonly Bar[],
  { mean }: Load,
  meanText: string,
  datanodes: StatusView['datanodes'],
): string {
  const [first, last] = [bars[0], bars.at(-1)];
  const scope = loadScopeText(datanodes);
  const left = scope === '' ? '' : ` Measured ${scope}.`;
  if (!first || !last) return `No datanode is measured.${left}`;
  const off = ({ now, weight }: Bar): string => fromMean(now / weight, mean);
  return `Datanode ${first.id} is ${off(first)} the mean of ${meanText}, datanode ${last.id} is ${off(last)} it.${left}`;
}

function LoadBar({
  bar: { id, weight, now, after },
  load,
  most,
  texts: { number, whole },
}: {
  readonly bar: Bar;
  readonly load: Load;
  readonly most: number;
  readonly texts: LoadTexts;
}): JSX.Element {
  const [low, high] = [load.low * weight, load.high * weight];
  const off = fromMean(now / weight, load.mean);
  const tone = now > high ? 'above' : now < low ? 'below' : 'within';
  return (
    <BarRow
      id={id}
      title={`Datanode ${id}: ${whole(now)} now, ${whole(after)} after the plan; ${number(low)} to ${whole(high)} is even`}
      parts={[
        ...changeParts(now, after),
        { look: 'band', from: low, to: high },
        { look: 'target', from: load.mean * weight },
        ...(load.trigger === undefined ? [] : [{ look: 'trigger' as const, from: load.trigger * weight }]),
      ]}
      most={most}
      count={number(now) === number(after) ? whole(now) : number(now)}
      change={number(now) === number(after) ? '' : `→ ${whole(after)}`}
      note={
        <span class={`off ${tone}`}>
          {off}
          <span class={off === 'at' ? '' : 'hidden'}> the mean</span>
        </span>
      }
    >
      {weight !== 1 && (
        <span class="bar-badges">
          <span class="badge calm">weight {formatCount(weight)}</span>
        </span>
      )}
    </BarRow>
  );
}
