import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { formatCount } from '../format.ts';

/** Shown at first, in each column of the list. */
const FIRST = 16;

/** Bars, of which the most telling come first; the others are one click away, because hundreds would be a wall. */
export function BarList<Bar extends { readonly id: string }>({
  bars,
  columns,
  class: look = '',
  children,
}: {
  readonly bars: readonly Bar[];
  /** That the width has room for. */
  readonly columns: number;
  readonly class?: string;
  readonly children: (bar: Bar) => JSX.Element;
}): JSX.Element {
  const [isWhole, setWhole] = useState(false);
  const first = FIRST * Math.max(1, columns);
  return (
    <>
      <ul class={`bars ${look}`}>
        {(isWhole ? bars : bars.slice(0, first)).map((bar) => (
          <li key={bar.id}>{children(bar)}</li>
        ))}
      </ul>
      {bars.length > first && (
        <button type="button" class="link more" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? `Show the first ${formatCount(first)} only` : `Show all ${formatCount(bars.length)}`}
        </button>
      )}
    </>
  );
}
