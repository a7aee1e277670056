export interface Place {
  readonly row: number;
  readonly column: number;
}

/** In pixels. */
interface Sizes {
  /** Width of the names. */
  readonly name: number;
  /** Height of the heads. */
  readonly head: number;
  readonly row: number;
  readonly column: number;
}

const STEPS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowDown: [1, 0],
  ArrowUp: [-1, 0],
  ArrowRight: [0, 1],
  ArrowLeft: [0, -1],
  PageDown: [12, 0],
  PageUp: [-12, 0],
  Home: [0, -Infinity],
  End: [0, Infinity],
};

/** Where a key leads from a cell; undefined: it is none of these keys. */
export function walk(key: string, { row, column }: Place, rows: number, columns: number): Place | undefined {
  const step = STEPS[key];
  return (
    step && { row: within(0, row + step[0], rows - 1), column: within(0, column + step[1], columns - 1) }
  );
}

/** Brings the active cell into view, beside the names and below the heads that stay where they are. */
export function scrollTo(element: HTMLDivElement | null, { row, column }: Place, sizes: Sizes): void {
  if (element?.matches(':focus') !== true) return;
  const { scrollTop, scrollLeft, clientHeight, clientWidth } = element;
  const [top, left] = [row * sizes.row, column * sizes.column];
  element.scrollTop = within(top + sizes.row + sizes.head - clientHeight, scrollTop, top);
  element.scrollLeft = within(left + sizes.column + sizes.name - clientWidth, scrollLeft, left);
}

function within(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
