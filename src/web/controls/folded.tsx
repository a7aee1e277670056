import type { JSX } from 'preact';

/** What programs say, and what few want to read, one click away. */
export function Folded({
  title = 'Details',
  text,
}: {
  readonly title?: string;
  readonly text: string | null;
}): JSX.Element | null {
  if (text === null || text === '') return null;
  return (
    <details class="folded">
      <summary>{title}</summary>
      <p>{text}</p>
    </details>
  );
}
