import type { ComponentChildren, JSX } from 'preact';
import { formatCount } from '../format.ts';

/** A titled part of the page. */
export function Section({
  title,
  id,
  aside,
  children,
}: {
  readonly title: string;
  readonly id: string;
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <section class="card" aria-labelledby={`${id}-title`}>
      <div class="card-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** Nothing to show, and why that is so. */
export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="dim">{children}</p>;
}

export function Problem({ text }: { readonly text: string | null }): JSX.Element | null {
  return text === null ? null : (
    <p class="problem" role="alert">
      {text}
    </p>
  );
}

/** How many more there are than a list shows. */
export function NotShown({ count }: { readonly count: number }): JSX.Element | null {
  return count > 0 ? <p class="dim">and {formatCount(count)} more</p> : null;
}
