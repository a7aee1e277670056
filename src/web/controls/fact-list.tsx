import type { ComponentChildren, JSX } from 'preact';

/** Names with what they are, side by side; facts without a value are left out. */
export function FactList({
  facts,
  isWide = false,
}: {
  readonly facts: readonly (readonly [name: string, value: ComponentChildren])[];
  /** One below the other, for values that need room. */
  readonly isWide?: boolean;
}): JSX.Element | null {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== '');
  if (known.length === 0) return null;
  return (
    <dl class={isWide ? 'fact-list wide' : 'fact-list'}>
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
