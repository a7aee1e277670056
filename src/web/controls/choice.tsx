import type { JSX } from 'preact';
import { usePage, useWhen } from '../page/page.ts';

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly options: readonly (readonly [value: Value, text: string])[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}

/** Several choices of which one holds. */
export function Choice<Value extends string>({
  label,
  options,
  value,
  onChange,
}: ChoiceProps<Value>): JSX.Element {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map(([each, text]) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => onChange(each)}>
          {text}
        </button>
      ))}
    </div>
  );
}

/** The same as a list to fold out; without a label where one stands beside it. */
export function Select<Value extends string>({
  label,
  options,
  value,
  onChange,
}: Omit<ChoiceProps<Value>, 'label'> & { readonly label?: string }): JSX.Element {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={({ currentTarget }) => {
        const chosen = options[currentTarget.selectedIndex];
        if (chosen) onChange(chosen[0]);
      }}
    >
      {options.map(([each, text]) => (
        <option key={each} value={each}>
          {text}
        </option>
      ))}
    </select>
  );
}

const TIMES = [
  ['now', 'Now'],
  ['after', 'After the plan'],
] as const;

/** For datanodes and tables together. */
export function WhenChoice(): JSX.Element {
  const { store } = usePage();
  return <Choice label="Time" options={TIMES} value={useWhen()} onChange={(when) => store.set({ when })} />;
}
