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

/** Where a key leads from a cell; undefined: it is none of these keys. */
export function walk(key: string, { row, column }: Place, rows: number, columns: number): Place | undefined {
  switch (key) {
    case 'ArrowDown':
      return { row: Math.min(rows - 1, row + 1), column };
    case 'ArrowUp':
      return { row: Math.max(0, row - 1), column };
    case 'ArrowRight':
      return { row, column: Math.min(columns - 1, column + 1) };
    case 'ArrowLeft':
      return { row, column: Math.max(0, column - 1) };
    case 'PageDown':
      return { row: Math.min(rows - 1, row + 12), column };
    case 'PageUp':
      return { row: Math.max(0, row - 12), column };
    case 'Home':
      return { row, column: 0 };
    case 'End':
      return { row, column: columns - 1 };
    default:
      return undefined;
  }
}

/** Brings the active cell into view, beside the names and below the heads that stay where they are. */
export function scrollTo(element: HTMLDivElement | null, { row, column }: Place, sizes: Sizes): void {
  if (element?.matches(':focus') !== true) return;
  const { scrollTop, scrollLeft, clientHeight, clientWidth } = element;
  const [top, left] = [row * sizes.row, column * sizes.column];
  if (top < scrollTop) element.scrollTop = top;
  else if (top + sizes.row > scrollTop + clientHeight - sizes.head)
    element.scrollTop = top + sizes.row + sizes.head - clientHeight;
  if (left < scrollLeft) element.scrollLeft = left;
  else if (left + sizes.column > scrollLeft + clientWidth - sizes.name)
    element.scrollLeft = left + sizes.column + sizes.name - clientWidth;
}
