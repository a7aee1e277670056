import type { ComponentChildren, JSX } from 'preact';
import type { ExplainKind } from '../../domain/explanation.ts';
import { usePage } from '../page/page.ts';

/** A button that tells more about a region, table or datanode. */
export function DetailsButton({
  what,
  id,
  class: look = 'link',
  title,
  children,
}: {
  readonly what: ExplainKind;
  readonly id: string;
  readonly class?: string;
  readonly title?: string | undefined;
  readonly children: ComponentChildren;
}): JSX.Element {
  const page = usePage();
  return (
    <button type="button" class={look} title={title} onClick={() => page.open({ kind: 'details', what, id })}>
      {children}
    </button>
  );
}
