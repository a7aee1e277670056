import type { JSX } from 'preact';
import { formatAgo, formatAhead, formatExact } from '../format.ts';
import { usePageState } from '../page/page.ts';
import { Quantities } from './quantities.tsx';

interface TimeProps {
  /** ISO 8601 */
  readonly at: string;
}

/** A time that is past: how long ago, as long as that is more telling. */
export function Ago({ at }: TimeProps): JSX.Element {
  const text = usePageState(({ nowMs }) => formatAgo(at, nowMs));
  return (
    <time dateTime={at} title={formatExact(at)}>
      <Quantities text={text} />
    </time>
  );
}

/** A time to come: when, and how long until then. */
export function Ahead({ at }: TimeProps): JSX.Element {
  const text = usePageState(({ nowMs }) => formatAhead(at, nowMs));
  return (
    <time dateTime={at} title={formatExact(at)}>
      <Quantities text={text} />
    </time>
  );
}

const ISO_TIME = /(\d{4}-\d\d-\d\dT[\d:.]+Z)/;

/** A sentence of the API, with the times to come in it as a person reads them, and whole quantities. */
export function TextWithTimes({ text }: { readonly text: string }): JSX.Element {
  const parts = text.split(ISO_TIME);
  return (
    <>
      {parts.map((part, index) =>
        index % 2 === 1 ? <Ahead key={index} at={part} /> : <Quantities key={index} text={part} />,
      )}
    </>
  );
}
