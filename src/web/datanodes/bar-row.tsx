import type { ComponentChildren, JSX } from 'preact';
import { DetailsButton } from '../controls/details-button.tsx';

/** A stretch of the bar, or a line across it where it has no end; both as amounts. */
export interface BarPart {
  readonly look: 'stays' | 'over' | 'comes' | 'band' | 'target' | 'trigger';
  readonly from: number;
  readonly to?: number;
}

/** What stays, and what leaves or comes. */
export function changeParts(now: number, after: number): readonly BarPart[] {
  return [
    { look: 'stays', from: 0, to: Math.min(now, after) },
    ...(now > after ? [{ look: 'over' as const, from: after, to: now }] : []),
    ...(now < after ? [{ look: 'comes' as const, from: now, to: after }] : []),
  ];
}

/** One datanode's bar with its number, and what it is called below it. */
export function BarRow({
  id,
  state = '',
  title,
  parts,
  most,
  count,
  change,
  note,
  children,
}: {
  readonly id: string;
  readonly state?: string;
  readonly title: string;
  readonly parts: readonly BarPart[];
  /** The amount of a whole bar. */
  readonly most: number;
  readonly count: string;
  readonly change: string;
  readonly note?: JSX.Element;
  readonly children?: ComponentChildren;
}): JSX.Element {
  const percent = (amount: number): string => `${((amount / most) * 100).toFixed(2)}%`;
  return (
    <DetailsButton what="datanode" id={id} class={`bar-row ${state}`} title={title}>
      <span class="node-name">
        <span class="hidden">Datanode </span>
        {id}
      </span>
      <span class="bar-track" aria-hidden="true">
        {parts.map(({ look, from, to }) => (
          <span
            key={look}
            class={look}
            style={{ left: percent(from), ...(to !== undefined && { width: percent(to - from) }) }}
          />
        ))}
      </span>
      <span class="node-count">
        <strong>{count}</strong>
        {change !== '' && <small>{change}</small>}
      </span>
      {note}
      {children}
    </DetailsButton>
  );
}
