import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import type { MatrixView, StatusView } from '../../server/api/answers.ts';
import type { When } from '../controls/choice.tsx';
import { DetailsButton } from '../controls/details-button.tsx';
import { formatChange, formatCount } from '../format.ts';
import { usePageState } from '../page/page.ts';
import { countsOf, fractionsOf, shareOf } from '../tables/rows.ts';
import type { TableRow } from '../tables/rows.ts';
import { Key } from './legend.tsx';
import { NodeBadges } from './node-label.tsx';

type Datanode = StatusView['datanodes'][number];

/** Of the list, in pixels; see the style sheet. */
const COLUMN = 340;
/** Shown at first, in each column of the list. */
const FIRST = 16;
const NONE: readonly Datanode[] = [];

interface Bar {
  readonly datanode: Datanode;
  readonly now: number;
  readonly after: number;
  /** Not rounded; null where nothing is wanted. */
  readonly share: number | null;
}

/** One bar per datanode with the line that it should reach, the most uneven first. */
export function DatanodeBars({
  matrix,
  table,
  when,
  width,
}: {
  readonly matrix: MatrixView;
  /** Only its regions. */
  readonly table: TableRow | undefined;
  readonly when: When;
  readonly width: number;
}): JSX.Element {
  const datanodes = usePageState(({ status }) => status?.datanodes) ?? NONE;
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
            <BarRow bar={bar} most={most} when={when} />
          </li>
        ))}
      </ul>
      {bars.length > first && (
        <button type="button" class="link more" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show the most uneven only' : `Show all ${formatCount(bars.length)}`}
        </button>
      )}
      <ul class="legend" aria-label="Legend">
        <Key look="stays">regions</Key>
        {when === 'now' && (
          <>
            <Key look="over">leave</Key>
            <Key look="comes">come</Key>
          </>
        )}
        <Key look="target">fair share</Key>
      </ul>
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

function BarRow({
  bar: { datanode, now, after, share },
  most,
  when,
}: {
  readonly bar: Bar;
  readonly most: number;
  readonly when: When;
}): JSX.Element {
  const percent = (count: number): string => `${((count / most) * 100).toFixed(2)}%`;
  const filled = when === 'now' ? Math.min(now, after) : after;
  const shareText = share === null ? '' : `, fair share ${formatCount(share)}`;
  return (
    <DetailsButton
      what="datanode"
      id={datanode.id}
      class={`bar-row ${datanode.state}`}
      title={`${datanode.addr ?? `Datanode ${datanode.id}`}: ${formatCount(now)} now, ${formatCount(after)} after the plan${shareText}`}
    >
      <span class="node-name">
        <span class="hidden">Datanode </span>
        {datanode.id}
      </span>
      <span class="bar-track" aria-hidden="true">
        <span class="bar-fill" style={{ width: percent(filled) }} />
        {when === 'now' && now !== after && (
          <span
            class={now > after ? 'bar-leaves' : 'bar-comes'}
            style={{ left: percent(filled), width: percent(Math.abs(now - after)) }}
          />
        )}
        {share !== null && <span class="bar-target" style={{ left: percent(share) }} />}
      </span>
      <span class="node-count">
        <strong>{formatCount(when === 'now' ? now : after)}</strong>
        <span class="hidden"> regions </span>
        {when === 'now' && <small>{formatChange(after - now)}</small>}
      </span>
      <span class="bar-badges">
        <NodeBadges datanode={datanode} />
      </span>
    </DetailsButton>
  );
}
