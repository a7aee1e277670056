import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { actions } from '../api/actions.ts';
import { Select } from '../controls/choice.tsx';
import { Form, TextField } from '../controls/form.tsx';
import { useAttempt } from '../hooks/attempt.ts';
import { usePage } from '../page/page.ts';
import { Dialog } from './dialog.tsx';
import { NameField, useName } from './name-field.tsx';

const LENGTHS = [
  ['30m', '30 minutes'],
  ['1h', '1 hour'],
  ['2h', '2 hours'],
  ['8h', '8 hours'],
  ['24h', '1 day'],
  ['', 'until resumed'],
] as const;

export function PauseDialog({ close }: { readonly close: () => void }): JSX.Element {
  const page = usePage();
  const [length, setLength] = useState<(typeof LENGTHS)[number][0]>('1h');
  const [reason, setReason] = useState('');
  const name = useName();
  const attempt = useAttempt();
  const pause = async (): Promise<void> => {
    name.keep();
    await actions.pause(length, reason.trim());
    page.say('Paused. A running migration finishes.');
    close();
  };
  return (
    <Dialog title="Pause the rebalancer" close={close}>
      <p class="dim">A running migration finishes, and no new one starts.</p>
      <Form attempt={attempt} work={pause} submit="Pause" back={{ text: 'Cancel', go: close }}>
        <label>
          For how long
          <Select options={LENGTHS} value={length} onChange={setLength} />
        </label>
        <TextField
          label="Why"
          maxLength={500}
          placeholder="Upgrading the datanodes"
          value={reason}
          onText={setReason}
        />
        <NameField {...name} />
      </Form>
    </Dialog>
  );
}
