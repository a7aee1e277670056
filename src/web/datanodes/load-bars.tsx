import type { JSX } from 'preact';
import { loadTexts } from '../../domain/load-text.ts';
import type { LoadTexts } from '../../domain/load-text.ts';
import type { LoadMeasure, LoadState } from '../../domain/load.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { Section } from '../controls/section.tsx';
import { useDatanodes, usePageState } from '../page/page.ts';
import { BarRow } from './bar-row.tsx';
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
  waiting: 'uneven, not for long enough to act on it',
  uneven: 'uneven',
};
/** The fullest. More would be a wall. */
const MOST = 48;

/** What each datanode carries, now and after the plan, with the band that it should lie in. Nothing where regions are counted. */
export function LoadBars(): JSX.Element | null {
  const load = usePageState(({ status }) => status?.load) ?? null;
  const datanodes = useDatanodes();
  if (!load) return null;
  const bars = datanodes.flatMap(({ id, weight, load: now, loadAfter: after }) =>
    now === null || after === null ? [] : [{ id, weight, now, after }],
  );
  const most = bars.reduce(
    (high, { now, after, weight }) => Math.max(high, now, after, (load.trigger ?? load.high) * weight),
    1,
  );
  const texts = loadTexts(load.by, load.mean);
  return (
    <Section title={TITLES[load.by]} id="load" aside={<small>{STATES[load.state]}</small>}>
      <ul class="bars loads">
        {bars
          .toSorted((a, b) => b.now / b.weight - a.now / a.weight)
          .slice(0, MOST)
          .map((bar) => (
            <li key={bar.id}>
              <LoadBar bar={bar} load={load} most={most} texts={texts} />
            </li>
          ))}
      </ul>
      <Legend
        label="Legend of the load"
        keys={[
          { look: 'stays', text: 'now' },
          { look: 'target', text: 'after the plan' },
          { look: 'band', text: `even: ${texts.number(load.low)} to ${texts.whole(load.high)}` },
          ...(load.trigger === undefined
            ? []
            : [{ look: 'trigger', text: `moves begin above ${texts.whole(load.trigger)}` }]),
        ]}
      />
    </Section>
  );
}

function LoadBar({
  bar: { id, weight, now, after },
  load,
  most,
  texts: { number, whole },
}: {
  readonly bar: Readonly<Record<'weight' | 'now' | 'after', number>> & { readonly id: string };
  readonly load: Load;
  readonly most: number;
  readonly texts: LoadTexts;
}): JSX.Element {
  const [low, high] = [load.low * weight, load.high * weight];
  return (
    <BarRow
      id={id}
      title={`Datanode ${id}: ${whole(now)} now, ${whole(after)} after the plan; ${number(low)} to ${whole(high)} is even`}
      parts={[
        { look: 'stays', from: 0, to: now },
        { look: 'band', from: low, to: high },
        { look: 'target', from: after },
        ...(load.trigger === undefined ? [] : [{ look: 'trigger' as const, from: load.trigger * weight }]),
      ]}
      most={most}
      count={number(now) === number(after) ? whole(now) : number(now)}
      change={number(now) === number(after) ? '' : `→ ${whole(after)}`}
    />
  );
}
