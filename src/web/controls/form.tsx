import type { ComponentChildren, InputHTMLAttributes, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useAttempt } from '../hooks/attempt.ts';
import type { Attempt } from '../hooks/attempt.ts';
import { Problem } from './section.tsx';

/** What was written into the named fields, without blanks around it. */
export type Fields = Readonly<Record<string, string>>;

/** Fields with a button that does the work, and what went wrong with it. The first field has the keyboard. */
export function Form({
  attempt,
  work,
  submit,
  back,
  isReady = true,
  isDangerous = false,
  children,
}: {
  /** Where the token is not to be asked for. */
  readonly attempt?: Attempt;
  readonly work: (fields: Fields) => Promise<void>;
  /** What the button does. */
  readonly submit: string;
  readonly back?: { readonly text: string; readonly go: () => void };
  readonly isReady?: boolean;
  readonly isDangerous?: boolean;
  readonly children: ComponentChildren;
}): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  const usual = useAttempt();
  const { isBusy, problem, run } = attempt ?? usual;
  useEffect(() => form.current?.querySelector<HTMLElement>('input, select')?.focus(), []);
  return (
    <form
      ref={form}
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        const fields = fieldsOf(event.currentTarget);
        void run(() => work(fields));
      }}
    >
      {children}
      <Problem text={problem} />
      <div class="form-end">
        {back && (
          <button type="button" class="button" onClick={back.go}>
            {back.text}
          </button>
        )}
        <button
          type="submit"
          class={`button ${isDangerous ? 'danger' : 'primary'}`}
          disabled={isBusy || !isReady}
        >
          {submit}
        </button>
      </div>
    </form>
  );
}

function fieldsOf(form: HTMLFormElement): Fields {
  const texts = [...new FormData(form)].flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value.trim()] as const] : [],
  );
  return Object.fromEntries(texts);
}

export function Field({
  label,
  ...input
}: InputHTMLAttributes & { readonly label: string; readonly name: string }): JSX.Element {
  return (
    <label>
      {label}
      <input type="text" {...input} />
    </label>
  );
}

/** Its label is for those who do not see the placeholder. */
export function SearchField({
  label,
  placeholder = label,
  value,
  onText,
}: {
  readonly label: string;
  readonly placeholder?: string;
  readonly value: string;
  readonly onText: (text: string) => void;
}): JSX.Element {
  return (
    <input
      type="search"
      aria-label={label}
      placeholder={placeholder}
      value={value}
      onInput={(event) => onText(event.currentTarget.value)}
    />
  );
}
