import type { ComponentChildren, JSX } from 'preact';
import { shortTable } from '../format.ts';
import type { Page } from '../app.tsx';

/** A titled part of the page. */
export function Section({
  title,
  id,
  aside,
  children,
  class: more = '',
}: {
  readonly title: string;
  readonly id: string;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly class?: string;
}): JSX.Element {
  return (
    <section class={`card ${more}`} aria-labelledby={`${id}-title`}>
      <div class="card-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** Several choices of which one holds. */
export function Choice<Value extends string>({
  label,
  options,
  value,
  onChange,
}: {
  readonly label: string;
  readonly options: readonly (readonly [value: Value, text: string])[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}): JSX.Element {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map(([each, text]) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => onChange(each)}>
          {text}
        </button>
      ))}
    </div>
  );
}

/** Nothing to show, and why that is so. */
export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>;
}

export function Problem({ text }: { readonly text: string | null }): JSX.Element | null {
  return text === null ? null : (
    <p class="problem" role="alert">
      {text}
    </p>
  );
}

/** A move in words, with the table first: that is what people know. */
export function MoveText({
  move,
}: {
  readonly move: {
    readonly table: string;
    readonly regionId: string;
    readonly from: string;
    readonly to: string;
  };
}): JSX.Element {
  return (
    <>
      <span class="table-name">{shortTable(move.table)}</span>
      <span class="region-id">{move.regionId}</span>
      <span class="route">
        <span class="node">{move.from}</span>
        <span class="arrow" aria-label="to">
          →
        </span>
        <span class="node">{move.to}</span>
      </span>
    </>
  );
}

const REASON_TEXT: Readonly<Record<string, string>> = {
  drain: 'drain',
  'table-spread': 'spread of the table',
  'node-spread': 'spread of datanodes',
  load: 'load',
};

export function reasonText(reason: string): string {
  return REASON_TEXT[reason] ?? reason;
}

const STATE_TONE: Readonly<Record<string, string>> = {
  succeeded: 'good',
  failed: 'bad',
  'rolled-back': 'bad',
  'timed-out': 'bad',
  abandoned: 'warn',
};

export function StateBadge({ state }: { readonly state: string }): JSX.Element {
  return <span class={`badge ${STATE_TONE[state] ?? 'busy'}`}>{state}</span>;
}

/** A button that tells more about something. */
export function Explain({
  page,
  kind,
  id,
  children,
  class: more = '',
}: {
  readonly page: Page;
  readonly kind: 'region' | 'table' | 'datanode';
  readonly id: string;
  readonly children: ComponentChildren;
  readonly class?: string;
}): JSX.Element {
  return (
    <button
      type="button"
      class={`link ${more}`}
      onClick={() => page.open({ kind: 'details', what: kind, id })}
    >
      {children}
    </button>
  );
}
