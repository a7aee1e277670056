import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { MatrixView, RegionsView } from '../../server/api/answers.ts';
import { Choice, Select, WhenChoice } from '../controls/choice.tsx';
import type { WhenProps } from '../controls/choice.tsx';
import { Empty, Section } from '../controls/section.tsx';
import { shortTable } from '../format.ts';
import { useVisible } from '../hooks/layout.ts';
import { usePageState } from '../page/page.ts';
import { DatanodeBars } from './bars.tsx';
import { CellColumns } from './cell-columns.tsx';
import { MAX_COLOURS } from './colours.ts';
import { loadScaleOf } from './region-cells.ts';
import type { ColourBy } from './region-cells.ts';

/** More are bars. */
const MAX_COLUMNS = 12;
/** So narrow that squares and numbers still fit, in pixels. */
const MIN_COLUMN = 72;
/** Of the card, left and right. */
const PADDING = 42;

/** What each datanode leads: its regions one by one, or a bar where there are too many of either. */
export function Datanodes({ when, setWhen }: WhenProps): JSX.Element {
  const matrix = usePageState((state) => state.matrix);
  const regions = usePageState((state) => state.regions);
  const box = useRef<HTMLDivElement>(null);
  const width = useVisible(box).width - PADDING;
  const count = matrix?.datanodes.length ?? 0;
  const isEach = regions !== null && count <= Math.min(MAX_COLUMNS, width / MIN_COLUMN);
  return (
    <div ref={box} class="filled">
      {matrix === null || count === 0 ? (
        <Section title="Datanodes" id="datanodes">
          <Empty>The cluster has not been read yet.</Empty>
        </Section>
      ) : isEach ? (
        <Cells matrix={matrix} regions={regions} when={when} setWhen={setWhen} width={width} />
      ) : (
        <Bars matrix={matrix} when={when} setWhen={setWhen} width={width} />
      )}
    </div>
  );
}

interface PartProps extends WhenProps {
  readonly matrix: MatrixView;
  readonly width: number;
}

function Cells({
  matrix,
  regions,
  when,
  setWhen,
  width,
}: PartProps & { readonly regions: RegionsView }): JSX.Element {
  const [kind, setKind] = useState<'table' | 'load'>('table');
  const [chosen, setChosen] = useState('');
  const load = useMemo(() => loadScaleOf(regions.regions), [regions]);
  const hasMany = matrix.tables.length > MAX_COLOURS;
  const table = matrix.tables.find(({ id }) => id === chosen) ?? matrix.tables[0];
  const colourBy = useMemo<ColourBy>(() => {
    if (kind === 'load' && load) return { kind: 'load', load };
    return hasMany ? { kind: 'table', id: table?.id ?? '' } : { kind: 'tables' };
  }, [kind, load?.of, load?.most, hasMany, table?.id]);
  const aside = (
    <div class="tools">
      {colourBy.kind === 'table' && (
        <TableSelect label="Table that stands out" matrix={matrix} value={colourBy.id} onChange={setChosen} />
      )}
      {load && <Choice label="Colour of the cells" options={COLOURS} value={kind} onChange={setKind} />}
      <WhenChoice when={when} setWhen={setWhen} />
    </div>
  );
  return (
    <Section title="Datanodes" id="datanodes" aside={aside}>
      <CellColumns matrix={matrix} regions={regions} when={when} colourBy={colourBy} width={width} />
    </Section>
  );
}

const COLOURS = [
  ['table', 'By table'],
  ['load', 'By load'],
] as const;

function Bars({ matrix, when, setWhen, width }: PartProps): JSX.Element {
  const [chosen, setChosen] = useState('');
  const aside = (
    <div class="tools">
      <TableSelect
        label="Regions of"
        first="All tables"
        matrix={matrix}
        value={chosen}
        onChange={setChosen}
      />
      <WhenChoice when={when} setWhen={setWhen} />
    </div>
  );
  const table = matrix.tables.find(({ id }) => id === chosen);
  return (
    <Section title="Datanodes" id="datanodes" aside={aside}>
      <DatanodeBars matrix={matrix} table={table} when={when} width={width} />
    </Section>
  );
}

function TableSelect({
  label,
  first,
  matrix,
  value,
  onChange,
}: {
  readonly label: string;
  /** Of no table, before all. */
  readonly first?: string;
  readonly matrix: MatrixView;
  readonly value: string;
  readonly onChange: (id: string) => void;
}): JSX.Element {
  const options = useMemo(() => {
    const tables = matrix.tables.map(({ id, name }) => [id, shortTable(name)] as const);
    return first === undefined ? tables : [['', first] as const, ...tables];
    // Tables come and go with plans only.
  }, [matrix.planId, matrix.tables.length, first]);
  return useMemo(
    () => <Select label={label} options={options} value={value} onChange={onChange} />,
    [label, options, value, onChange],
  );
}
