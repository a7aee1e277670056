import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { MatrixView, StatusView } from '../../server/api/answers.ts';
import { formatChange, formatCount } from '../format.ts';
import { useDatanodes, useMatrix, useWhen } from '../page/page.ts';
import type { When } from '../page/state.ts';
import { countsOf, fractionsOf, shareOf } from '../tables/rows.ts';
import type { TableRow } from '../tables/rows.ts';
import { BarRow } from './bar-row.tsx';
import type { BarPart } from './bar-row.tsx';
import { Legend } from './legend.tsx';
import { NodeBadges } from './node-label.tsx';

type Datanode = StatusView['datanodes'][number];

/** Of the list, in pixels; see the style sheet. */
const COLUMN = 340;
/** Shown at first, in each column of the list. */
const FIRST = 16;

const KEYS = [
  { look: 'stays', text: 'regions' },
  { look: 'over', text: 'leave' },
  { look: 'comes', text: 'come' },
  { look: 'target', text: 'fair share' },
] as const;

interface Bar {
  readonly datanode: Datanode;
  readonly now: number;
  readonly after: number;
  /** Not rounded; null where nothing is wanted. */
  readonly share: number | null;
}

/** One bar per datanode with the line that it should reach, the most uneven first. */
export function DatanodeBars({
  table,
  width,
}: {
  /** Only its regions. */
  readonly table: TableRow | undefined;
  readonly width: number;
}): JSX.Element {
  const matrix = useMatrix();
  const when = useWhen();
  const datanodes = useDatanodes();
  const [isWhole, setWhole] = useState(false);
  const bars = useMemo(
    () => inOrder(table ? barsOfTable(table, matrix, datanodes) : datanodes.map(barOf), when),
    [table, matrix, datanodes, when],
  );
  const most = bars.reduce((high, { now, after, share }) => Math.max(high, now, after, share ?? 0), 1);
  const first = FIRST * Math.max(1, Math.floor(width / COLUMN));
  const shown = isWhole ? bars : bars.slice(0, first);
  return (
    <>
      <ul class="bars">
        {shown.map((bar) => (
          <li key={bar.datanode.id}>
            <CountBar bar={bar} most={most} when={when} />
          </li>
        ))}
      </ul>
      {bars.length > first && (
        <button type="button" class="link more" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show the most uneven only' : `Show all ${formatCount(bars.length)}`}
        </button>
      )}
      <Legend
        keys={when === 'now' ? KEYS : KEYS.filter(({ look }) => look === 'stays' || look === 'target')}
      />
    </>
  );
}

function barOf(datanode: Datanode): Bar {
  const { regions, regionsAfter, share } = datanode;
  return { datanode, now: regions, after: regionsAfter, share };
}

function barsOfTable(
  table: TableRow,
  { datanodes: columns }: MatrixView,
  datanodes: readonly Datanode[],
): readonly Bar[] {
  const [now, after] = [countsOf(table, 'now'), countsOf(table, 'after')];
  const fractions = fractionsOf(columns, datanodes);
  return datanodes.map((datanode) => {
    const column = columns.indexOf(datanode.id);
    const share = shareOf(table, fractions[column]);
    return { datanode, now: now.get(column) ?? 0, after: after.get(column) ?? 0, share };
  });
}

function inOrder(bars: readonly Bar[], when: When): readonly Bar[] {
  // What a dead datanode leads is all in the wrong place.
  const off = ({ share, [when]: count }: Bar): number => Math.abs(count - (share ?? 0));
  return bars.toSorted((a, b) => off(b) - off(a));
}

function CountBar({
  bar: { datanode, now, after, share },
  most,
  when,
}: {
  readonly bar: Bar;
  readonly most: number;
  readonly when: When;
}): JSX.Element {
  const { id, addr, state } = datanode;
  const filled = when === 'now' ? Math.min(now, after) : after;
  const parts: readonly BarPart[] = [
    { look: 'stays', from: 0, to: filled },
    ...(when === 'now' && now > after ? [{ look: 'over' as const, from: after, to: now }] : []),
    ...(when === 'now' && now < after ? [{ look: 'comes' as const, from: now, to: after }] : []),
    ...(share === null ? [] : [{ look: 'target' as const, from: share }]),
  ];
  const shareText = share === null ? '' : `, fair share ${formatCount(share)}`;
  return (
    <BarRow
      id={id}
      state={state}
      title={`${addr ?? `Datanode ${id}`}: ${formatCount(now)} now, ${formatCount(after)} after the plan${shareText}`}
      parts={parts}
      most={most}
      count={formatCount(when === 'now' ? now : after)}
      change={when === 'now' ? formatChange(after - now) : ''}
    >
      <span class="hidden"> regions </span>
      <span class="bar-badges">
        <NodeBadges datanode={datanode} />
      </span>
    </BarRow>
  );
}
