import type { JSX } from 'preact';
import { readName } from '../api/actions.ts';
import { Field } from '../controls/form.tsx';

/** The field `by`. */
export function NameField(): JSX.Element {
  return (
    <Field
      label="Your name, for the audit log"
      name="by"
      maxLength={100}
      autoComplete="name"
      defaultValue={readName()}
    />
  );
}
