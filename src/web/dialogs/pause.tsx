import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { actions, keepName, readName } from '../actions.ts';
import { Problem } from '../views/parts.tsx';
import { useAttempt } from './attempt.ts';
import { Dialog } from './dialogs.tsx';
import type { DialogProps } from './dialogs.tsx';

const LENGTHS = [
  ['30m', '30 minutes'],
  ['1h', '1 hour'],
  ['2h', '2 hours'],
  ['8h', '8 hours'],
  ['24h', '1 day'],
  ['', 'until somebody resumes'],
] as const;

export function PauseDialog({ page, close }: DialogProps): JSX.Element {
  const [length, setLength] = useState<string>('1h');
  const [reason, setReason] = useState('');
  const [name, setName] = useState(readName);
  const { isBusy, problem, run } = useAttempt(page);
  const pause = async (): Promise<void> => {
    keepName(name.trim());
    await actions.pause(length, reason.trim());
    page.say('Paused. A migration under way goes on.', 'good');
    close();
  };
  return (
    <Dialog title="Pause the rebalancer" close={close}>
      <p class="dim">No further move begins. A migration that is under way is left to the cluster.</p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void run(pause);
        }}
      >
        <label>
          For how long
          <select value={length} onChange={(event) => setLength(event.currentTarget.value)}>
            {LENGTHS.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
        <label>
          Why
          <input
            type="text"
            maxLength={500}
            placeholder="Upgrading the datanodes"
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </label>
        <NameField name={name} setName={setName} />
        <Problem text={problem} />
        <div class="form-end">
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={isBusy}>
            Pause
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function NameField({
  name,
  setName,
}: {
  readonly name: string;
  readonly setName: (name: string) => void;
}): JSX.Element {
  return (
    <label>
      Your name, for the others
      <input
        type="text"
        maxLength={100}
        autoComplete="name"
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
    </label>
  );
}
