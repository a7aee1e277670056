import type { ComponentChildren, InputHTMLAttributes, JSX, TargetedInputEvent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Attempt } from '../hooks/attempt.ts';
import { Problem } from './section.tsx';

/** Fields with a button that does the work, and what went wrong with it. The first field has the keyboard. */
export function Form({
  attempt: { isBusy, problem, run },
  work,
  submit,
  back,
  isReady = true,
  isDangerous = false,
  children,
}: {
  readonly attempt: Attempt;
  readonly work: () => Promise<void>;
  /** What the button does. */
  readonly submit: string;
  readonly back?: { readonly text: string; readonly go: () => void };
  readonly isReady?: boolean;
  readonly isDangerous?: boolean;
  readonly children: ComponentChildren;
}): JSX.Element {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>('input, select')?.focus(), []);
  return (
    <form
      ref={form}
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void run(work);
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

interface FieldProps extends Pick<
  InputHTMLAttributes,
  'maxLength' | 'autoComplete' | 'placeholder' | 'required'
> {
  readonly label: string;
  readonly value: string;
  readonly onText: (text: string) => void;
  readonly isSecret?: boolean;
}

export function TextField({ label, onText, isSecret = false, ...given }: FieldProps): JSX.Element {
  const input = { ...given, onInput: textTo(onText) };
  return (
    <label>
      {label}
      {isSecret ? <input {...input} type="password" /> : <input {...input} type="text" />}
    </label>
  );
}

function textTo(onText: (text: string) => void) {
  return (event: TargetedInputEvent<HTMLInputElement>): void => onText(event.currentTarget.value);
}

/** Its label is for those who do not see the placeholder. */
export function SearchField({
  label,
  placeholder = label,
  value,
  onText,
}: Pick<FieldProps, 'label' | 'value' | 'onText'> & { readonly placeholder?: string }): JSX.Element {
  return (
    <input
      type="search"
      aria-label={label}
      placeholder={placeholder}
      value={value}
      onInput={textTo(onText)}
    />
  );
}
