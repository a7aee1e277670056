import type { ComponentChildren, JSX } from 'preact';
import { Quantities } from './quantities.tsx';

export type NamedFact = readonly [name: string, value: ComponentChildren, note?: ComponentChildren];

/** Names with what they are; facts without a value are left out. */
export function FactList({ facts }: { readonly facts: readonly NamedFact[] }): JSX.Element | null {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== '');
  if (known.length === 0) return null;
  return (
    <dl class="facts">
      {known.map(([name, value, note]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {whole(value)}
            {note && <small>{whole(note)}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function whole(children: ComponentChildren): ComponentChildren {
  return typeof children === 'string' ? <Quantities text={children} /> : children;
}
