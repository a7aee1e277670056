import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Page } from '../app.tsx';
import { formatCount, shortTable } from '../format.ts';
import { useModel } from '../model.ts';
import type { MatrixView, StatusView } from '../model.ts';
import { tableColour } from '../palette.ts';
import type { Theme } from '../palette.ts';
import { indexes, rangeOf, useVisible } from '../virtual.ts';
import { cellsByDatanode, totalsByDatanode, gridFor, heightOf } from './cells.ts';
import type { ColourBy, When } from './cells.ts';
import { BarColumn, CellColumn } from './datanode-column.tsx';
import { Choice, Empty, Section } from './parts.tsx';

const MIN_COLUMN = 128;
const MAX_COLUMN = 176;
const MARGIN = 24;
const DRAW_HEIGHT = 280;
/** Of a datanode's name and number below its cells. */
const LABEL_HEIGHT = 78;
const LEGEND = 24;

/** Each datanode as a column of its regions. */
export function Datanodes({
  page,
  theme,
  when,
  setWhen,
}: {
  readonly page: Page;
  readonly theme: Theme;
  readonly when: When;
  readonly setWhen: (when: When) => void;
}): JSX.Element {
  const matrix = useModel(page.store, (model) => model.matrix);
  const isEach = useModel(page.store, (model) => model.regions !== null);
  const [colourBy, setColourBy] = useState<ColourBy>('table');
  const aside = (
    <div class="tools">
      <WhenChoice when={when} setWhen={setWhen} />
      {isEach && (
        <Choice label="Colour of the cells" options={COLOURS} value={colourBy} onChange={setColourBy} />
      )}
    </div>
  );
  return (
    <Section title="Datanodes" id="datanodes" aside={aside}>
      {matrix === null || matrix.datanodes.length === 0 ? (
        <Empty>The cluster has not been read yet.</Empty>
      ) : (
        <Columns page={page} theme={theme} when={when} colourBy={colourBy} matrix={matrix} />
      )}
    </Section>
  );
}

const COLOURS = [
  ['table', 'By table'],
  ['load', 'By load'],
] as const;

export function WhenChoice({
  when,
  setWhen,
}: {
  readonly when: When;
  readonly setWhen: (when: When) => void;
}): JSX.Element {
  return (
    <Choice
      label="Time"
      options={[
        ['now', 'Now'],
        ['after', 'After the plan'],
      ]}
      value={when}
      onChange={setWhen}
    />
  );
}

const NOTHING = { now: 0, after: 0 };

interface ColumnsProps {
  readonly page: Page;
  readonly theme: Theme;
  readonly when: When;
  readonly colourBy: ColourBy;
  readonly matrix: MatrixView;
}

function Columns({ page, theme, when, colourBy, matrix }: ColumnsProps): JSX.Element {
  const regions = useModel(page.store, (model) => model.regions);
  const datanodes = useModel(page.store, (model) => model.status?.datanodes);
  const movingId = useModel(page.store, (model) => model.status?.currentMove?.move.regionId ?? null);
  const scroller = useRef<HTMLDivElement>(null);
  const { left, width } = useVisible(scroller);
  const cells = useMemo(
    () => regions && cellsByDatanode(regions.regions, matrix, { when, colourBy, theme, movingId }),
    [regions, matrix, when, colourBy, theme, movingId],
  );
  const totals = useMemo(() => totalsByDatanode(matrix), [matrix]);
  const byId = useMemo(() => new Map(datanodes?.map((datanode) => [datanode.id, datanode])), [datanodes]);
  const most = totals.reduce((a, { now, after }) => Math.max(a, now, after), 1);
  const columnWidth = Math.min(MAX_COLUMN, Math.max(MIN_COLUMN, Math.floor(width / matrix.datanodes.length)));
  const drawWidth = columnWidth - MARGIN;
  const mostCells = Math.max(1, ...[...(cells?.values() ?? [])].map(({ length }) => length));
  const grid = gridFor(mostCells, drawWidth, DRAW_HEIGHT);
  const height = LABEL_HEIGHT + (cells ? heightOf(mostCells, grid) : DRAW_HEIGHT);
  const shown = indexes(rangeOf(left, width, columnWidth, matrix.datanodes.length));
  return (
    <>
      <div
        class="nodes-scroll"
        ref={scroller}
        tabIndex={0}
        role="region"
        aria-label="Datanodes with their regions, scrollable"
      >
        <ul
          class="nodes"
          style={{ width: `${matrix.datanodes.length * columnWidth}px`, height: `${height}px` }}
        >
          {shown.map((index) => {
            const id = matrix.datanodes[index] ?? '';
            const datanode = byId.get(id);
            return (
              <li
                key={id}
                class="node-column"
                style={{ left: `${index * columnWidth}px`, width: `${columnWidth}px` }}
              >
                {cells ? (
                  <CellColumn page={page} cells={cells.get(id) ?? []} grid={grid} matrix={matrix} />
                ) : (
                  <BarColumn
                    bar={{ ...(totals[index] ?? NOTHING), most }}
                    when={when}
                    width={drawWidth}
                    height={DRAW_HEIGHT}
                    theme={theme}
                  />
                )}
                <NodeLabel page={page} id={id} datanode={datanode} when={when} />
              </li>
            );
          })}
        </ul>
      </div>
      <Legend matrix={matrix} theme={theme} colourBy={colourBy} isEach={cells !== null} when={when} />
    </>
  );
}

function NodeLabel({
  page,
  id,
  datanode,
  when,
}: {
  readonly page: Page;
  readonly id: string;
  readonly datanode: StatusView['datanodes'][number] | undefined;
  readonly when: When;
}): JSX.Element {
  const { regions = 0, regionsAfter = 0, state = 'target', addr = null, weight = 1 } = datanode ?? {};
  const change = regionsAfter - regions;
  return (
    <button
      type="button"
      class={`node-label ${state}`}
      title={addr ?? undefined}
      onClick={() => page.open({ kind: 'details', what: 'datanode', id })}
    >
      <span class="node-name">
        <span class="hidden">Datanode </span>
        {id}
        {state !== 'target' && <span class={`badge ${state === 'dead' ? 'bad' : 'warn'}`}>{state}</span>}
        {weight !== 1 && <span class="badge calm">weight {weight}</span>}
      </span>
      <span class="node-count">
        <strong>{formatCount(when === 'now' ? regions : regionsAfter)}</strong>
        <span class="hidden"> regions, </span>
        {change !== 0 && when === 'now' && (
          <small>{change > 0 ? `+${formatCount(change)}` : `−${formatCount(-change)}`}</small>
        )}
      </span>
    </button>
  );
}

function Legend({
  matrix,
  theme,
  colourBy,
  isEach,
  when,
}: {
  readonly matrix: MatrixView;
  readonly theme: Theme;
  readonly colourBy: ColourBy;
  readonly isEach: boolean;
  readonly when: When;
}): JSX.Element {
  return (
    <ul class="legend" aria-label="Legend">
      {when === 'now' && (
        <>
          <li>
            <span class={isEach ? 'swatch leaves' : 'swatch over'} aria-hidden="true" /> leaves
          </li>
          <li>
            <span class="swatch comes" aria-hidden="true" /> comes
          </li>
        </>
      )}
      {colourBy === 'load' && isEach && <li>pale: little written, strong: much; grey: not known</li>}
      {colourBy === 'table' &&
        isEach &&
        matrix.tables.slice(0, LEGEND).map(({ id, name }, index) => (
          <li key={id}>
            <span class="swatch" aria-hidden="true" style={{ background: tableColour(index, theme) }} />
            {shortTable(name)}
          </li>
        ))}
      {colourBy === 'table' && isEach && matrix.tables.length > LEGEND && (
        <li>and {formatCount(matrix.tables.length - LEGEND)} more tables</li>
      )}
    </ul>
  );
}
