import type { JSX } from 'preact';
import { formatAgo, formatAhead, formatExact } from '../format.ts';
import { usePageState } from '../page/page.ts';

interface TimeProps {
  /** ISO 8601 */
  readonly at: string;
}

/** A time that is past: how long ago, as long as that is more telling. */
export function Ago({ at }: TimeProps): JSX.Element {
  const text = usePageState(({ nowMs }) => formatAgo(at, nowMs));
  return (
    <time dateTime={at} title={formatExact(at)}>
      {text}
    </time>
  );
}

/** A time to come: when, and how long until then. */
export function Ahead({ at }: TimeProps): JSX.Element {
  const text = usePageState(({ nowMs }) => formatAhead(at, nowMs));
  return (
    <time dateTime={at} title={formatExact(at)}>
      {text}
    </time>
  );
}
