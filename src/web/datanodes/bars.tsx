import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { MatrixView, StatusView } from '../../server/api/answers.ts';
import { formatChange, formatCount } from '../format.ts';
import { useDatanodes, useMatrix, useWhen } from '../page/page.ts';
import type { When } from '../page/state.ts';
import { countsOf, fractionsOf, offShare, shareOf } from '../tables/rows.ts';
import type { TableRow } from '../tables/rows.ts';
import { BarList } from './bar-list.tsx';
import { BarRow, changeParts } from './bar-row.tsx';
import type { BarPart } from './bar-row.tsx';
import { shareScopeText } from './left-out.ts';
import { Legend } from './legend.tsx';
import { NodeBadges } from './node-label.tsx';

type Datanode = StatusView['datanodes'][number];

/** Of the list, in pixels; see the style sheet. */
const COLUMN = 340;

const CHANGES = [
  { look: 'stays', text: 'regions' },
  { look: 'over', text: 'leave' },
  { look: 'comes', text: 'come' },
] as const;

interface Bar {
  readonly id: string;
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
  const bars = useMemo(
    () => inOrder(table ? barsOfTable(table, matrix, datanodes) : datanodes.map(barOf), when),
    [table, matrix, datanodes, when],
  );
  const most = bars.reduce((high, { now, after, share }) => Math.max(high, now, after, share ?? 0), 1);
  const shares = shareScopeText(datanodes);
  return (
    <>
      <BarList bars={bars} columns={Math.floor(width / COLUMN)}>
        {(bar) => <CountBar bar={bar} most={most} when={when} />}
      </BarList>
      <Legend
        keys={[
          ...(when === 'now' ? CHANGES : CHANGES.slice(0, 1)),
          { look: 'target', text: `fair share ${shares}` },
        ]}
      />
    </>
  );
}

function barOf(datanode: Datanode): Bar {
  const { regions, regionsAfter, share } = datanode;
  return { id: datanode.id, datanode, now: regions, after: regionsAfter, share };
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
    return { id: datanode.id, datanode, now: now.get(column) ?? 0, after: after.get(column) ?? 0, share };
  });
}

function inOrder(bars: readonly Bar[], when: When): readonly Bar[] {
  const off = ({ datanode: { state }, share, [when]: count }: Bar): number => offShare(state, share, count);
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
  const parts: readonly BarPart[] = [
    ...changeParts(when === 'now' ? now : after, after),
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
