import type { JSX } from 'preact';
import { useMemo, useRef, useState } from 'preact/hooks';
import type { MatrixView, StatusView } from '../../server/api/answers.ts';
import { Choice, WhenChoice } from '../controls/choice.tsx';
import type { When, WhenProps } from '../controls/choice.tsx';
import { DetailsButton } from '../controls/details-button.tsx';
import { Empty, Section } from '../controls/section.tsx';
import { formatCount } from '../format.ts';
import { indexes, rangeOf, useVisible } from '../hooks/layout.ts';
import { usePageState } from '../page/page.ts';
import type { Theme } from '../page/theme.ts';
import { BarColumn, CellColumn } from './column.tsx';
import { gridFor, heightOf } from './draw.ts';
import { Legend } from './legend.tsx';
import { cellsByDatanode } from './region-cells.ts';
import type { ColourBy } from './region-cells.ts';

const MIN_COLUMN = 128;
const MAX_COLUMN = 176;
const MARGIN = 24;
const DRAW_HEIGHT = 280;
/** Of a datanode's name and number below its cells. */
const LABEL_HEIGHT = 78;

/** Each datanode as a column of its regions. */
export function Datanodes({ theme, when, setWhen }: WhenProps & { readonly theme: Theme }): JSX.Element {
  const matrix = usePageState((state) => state.matrix);
  const isEach = usePageState(({ regions }) => regions !== null);
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
        <Columns theme={theme} when={when} colourBy={colourBy} matrix={matrix} />
      )}
    </Section>
  );
}

const NONE: StatusView['datanodes'] = [];
const COLOURS = [
  ['table', 'By table'],
  ['load', 'By load'],
] as const;

interface ColumnsProps {
  readonly theme: Theme;
  readonly when: When;
  readonly colourBy: ColourBy;
  readonly matrix: MatrixView;
}

function Columns({ theme, when, colourBy, matrix }: ColumnsProps): JSX.Element {
  const regions = usePageState((state) => state.regions);
  const datanodes = usePageState(({ status }) => status?.datanodes) ?? NONE;
  const movingId = usePageState(({ status }) => status?.currentMove?.move.regionId ?? null);
  const scroller = useRef<HTMLDivElement>(null);
  const { left, width } = useVisible(scroller);
  const cells = useMemo(
    () => regions && cellsByDatanode(regions.regions, matrix, { when, colourBy, theme, movingId }),
    [regions, matrix, when, colourBy, theme, movingId],
  );
  const byId = useMemo(() => new Map(datanodes.map((datanode) => [datanode.id, datanode])), [datanodes]);
  const most = datanodes.reduce((a, { regions: now, regionsAfter }) => Math.max(a, now, regionsAfter), 1);
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
                  <CellColumn cells={cells.get(id) ?? []} grid={grid} matrix={matrix} />
                ) : (
                  <BarColumn
                    bar={{ now: datanode?.regions ?? 0, after: datanode?.regionsAfter ?? 0, most }}
                    when={when}
                    width={drawWidth}
                    height={DRAW_HEIGHT}
                    theme={theme}
                  />
                )}
                <NodeLabel id={id} datanode={datanode} when={when} />
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
  id,
  datanode,
  when,
}: {
  readonly id: string;
  readonly datanode: StatusView['datanodes'][number] | undefined;
  readonly when: When;
}): JSX.Element {
  const { regions = 0, regionsAfter = 0, state = 'target', addr = null, weight = 1 } = datanode ?? {};
  const change = regionsAfter - regions;
  return (
    <DetailsButton what="datanode" id={id} class={`node-label ${state}`} title={addr ?? undefined}>
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
    </DetailsButton>
  );
}
