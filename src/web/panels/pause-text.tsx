import type { JSX } from 'preact';
import { Ahead } from '../controls/time.tsx';
import type { StatusProps } from './verdict-facts.tsx';

/** Who paused, until when and why, with the time as a person reads it; the API's own sentence is for everybody. */
export function PauseText({ status: { paused, verdict } }: StatusProps): JSX.Element {
  if (!paused?.until) return <>{verdict.sentence}</>;
  return (
    <>
      Paused by {paused.by} until <Ahead at={paused.until} />
      {paused.reason !== '' && `: ${paused.reason}`}
    </>
  );
}
