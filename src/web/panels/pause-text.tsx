import type { JSX } from 'preact';
import { Ahead } from '../controls/time.tsx';
import type { StatusProps } from './progress.tsx';

/** The API's sentence, with the time as a person reads it and the button in place of the command. */
export function PauseText({ status: { paused, verdict } }: StatusProps): JSX.Element {
  const sentence = verdict.sentence.replace('Run resume to continue.', 'Press Resume to continue.');
  const until = paused?.until ?? '';
  const at = until === '' ? -1 : sentence.indexOf(until);
  if (at < 0) return <>{sentence}</>;
  return (
    <>
      {sentence.slice(0, at)}
      <Ahead at={until} />
      {sentence.slice(at + until.length)}
    </>
  );
}
