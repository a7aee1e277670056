import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { keepName, readName } from '../api/actions.ts';
import { TextField } from '../controls/form.tsx';

interface Name {
  readonly name: string;
  readonly setName: (name: string) => void;
  /** Keeps it for this action and the next ones. */
  readonly keep: () => void;
}

export function useName(): Name {
  const [name, setName] = useState(readName);
  return { name, setName, keep: () => keepName(name.trim()) };
}

export function NameField({ name, setName }: Name): JSX.Element {
  return (
    <TextField
      label="Your name, for the audit log"
      maxLength={100}
      autoComplete="name"
      value={name}
      onText={setName}
    />
  );
}
