import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { RegionsView } from '../../server/api/answers.ts';
import { Choice, Select, WhenChoice } from '../controls/choice.tsx';
import { Empty, Section } from '../controls/section.tsx';
import { shortTable } from '../format.ts';
import { useVisible } from '../hooks/layout.ts';
import { useDatanodes, useMatrix, usePageState } from '../page/page.ts';
import { DatanodeBars } from './bars.tsx';
import { CellColumns } from './cell-columns.tsx';
import { MAX_COLOURS } from './colours.ts';
import { loadScaleOf } from './region-cells.ts';
import type { ColourBy } from './region-cells.ts';

/** More are bars. */
const MAX_COLUMNS = 12;
/** So narrow that squares and numbers still fit, in pixels; and where a state stands below. */
const MIN_COLUMN = 72;
const MIN_BADGED_COLUMN = 92;
/** Of the card, left and right. */
const PADDING = 42;

/** What each datanode leads: its regions one by one, or a bar where there are too many of either. */
export function Datanodes(): JSX.Element {
  const count = usePageState(({ matrix }) => matrix?.datanodes.length ?? 0);
  const regions = usePageState((state) => state.regions);
  const hasBadge = useDatanodes().some(({ state }) => state !== 'target');
  const least = hasBadge ? MIN_BADGED_COLUMN : MIN_COLUMN;
  const box = useRef<HTMLDivElement>(null);
  const width = useVisible(box).width - PADDING;
  const isEach = regions !== null && count <= Math.min(MAX_COLUMNS, width / least);
  return (
    <div ref={box} class="filled">
      {count === 0 ? (
        <Section title="Datanodes" id="datanodes">
          <Empty>The cluster has not been read yet.</Empty>
        </Section>
      ) : isEach ? (
        <Cells regions={regions} width={width} />
      ) : (
        <Bars width={width} />
      )}
    </div>
  );
}

function Cells({ regions, width }: { readonly regions: RegionsView; readonly width: number }): JSX.Element {
  const { tables } = useMatrix();
  const by = usePageState(({ status }) => status?.load?.by);
  const [picked, setPicked] = useState<'table' | 'load' | null>(null);
  const kind = picked ?? (by ? 'load' : 'table');
  const [chosen, setChosen] = useState('');
  const load = useMemo(() => loadScaleOf(regions.regions, by), [regions, by]);
  const hasMany = tables.length > MAX_COLOURS;
  const table = tables.find(({ id }) => id === chosen) ?? tables[0];
  const colourBy = useMemo<ColourBy>(() => {
    if (kind === 'load' && load) return { kind: 'load', load };
    return hasMany ? { kind: 'table', id: table?.id ?? '' } : { kind: 'tables' };
  }, [kind, load?.of, load?.most, hasMany, table?.id]);
  const aside = (
    <div class="tools">
      {colourBy.kind === 'table' && (
        <TableSelect label="Table that stands out" value={colourBy.id} onChange={setChosen} />
      )}
      {load && <Choice label="Colour of the cells" options={COLOURS} value={kind} onChange={setPicked} />}
      <WhenChoice />
    </div>
  );
  return (
    <Section title="Datanodes" id="datanodes" aside={aside}>
      <CellColumns regions={regions} colourBy={colourBy} width={width} />
    </Section>
  );
}

const COLOURS = [
  ['table', 'By table'],
  ['load', 'By load'],
] as const;

function Bars({ width }: { readonly width: number }): JSX.Element {
  const [chosen, setChosen] = useState('');
  const table = useMatrix().tables.find(({ id }) => id === chosen);
  const aside = (
    <div class="tools">
      <TableSelect label="Regions of" first="All tables" value={chosen} onChange={setChosen} />
      <WhenChoice />
    </div>
  );
  return (
    <Section title="Datanodes" id="datanodes" aside={aside}>
      <DatanodeBars table={table} width={width} />
    </Section>
  );
}

function TableSelect({
  label,
  first,
  value,
  onChange,
}: {
  readonly label: string;
  /** Of no table, before all. */
  readonly first?: string;
  readonly value: string;
  readonly onChange: (id: string) => void;
}): JSX.Element {
  const { planId, tables } = useMatrix();
  // Tables come and go with plans only, and thousands of them are not drawn again with every move.
  return useMemo(() => {
    const names = tables.map(({ id, name }) => [id, shortTable(name)] as const);
    const options = first === undefined ? names : [['', first] as const, ...names];
    return <Select label={label} options={options} value={value} onChange={onChange} />;
  }, [planId, tables.length, label, first, value, onChange]);
}
