import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import { usePage } from '../page/page.ts';

export interface ActionButtonProps {
  readonly text: string;
  /** What it does. */
  readonly title: string;
  /** Why it can do nothing now; undefined: it can. */
  readonly whyNot: string | undefined;
  readonly go: () => void;
  readonly isBusy?: boolean;
  readonly isMain?: boolean;
}

/** A button that says why it can do nothing: it takes the focus all the same, so that keyboard, screen reader and touch learn it, too. */
export function ActionButton({
  text,
  title,
  whyNot,
  go,
  isBusy = false,
  isMain = false,
}: ActionButtonProps): JSX.Element {
  const page = usePage();
  const id = useId();
  return (
    <span class="action">
      <button
        type="button"
        class={`button ${isMain ? 'primary' : ''}`}
        title={whyNot ?? title}
        disabled={isBusy}
        aria-disabled={whyNot !== undefined}
        aria-describedby={whyNot === undefined ? undefined : id}
        onClick={() => (whyNot === undefined ? go() : page.say(whyNot, 'bad'))}
      >
        {text}
      </button>
      {whyNot !== undefined && (
        <span id={id} class="why-not" role="tooltip">
          {whyNot}
        </span>
      )}
    </span>
  );
}
