import type { JSX } from 'preact';
import { actions, keepName } from '../api/actions.ts';
import { Field, Form } from '../controls/form.tsx';
import type { Fields } from '../controls/form.tsx';
import { usePage } from '../page/page.ts';
import { Dialog } from './dialog.tsx';
import { NameField } from './name-field.tsx';

export function PauseDialog({ close }: { readonly close: () => void }): JSX.Element {
  const page = usePage();
  const pause = async ({ length = '', reason = '', by = '' }: Fields): Promise<void> => {
    keepName(by);
    await actions.pause(length, reason);
    page.say('Paused. A running migration finishes.');
    close();
  };
  return (
    <Dialog title="Pause the rebalancer" close={close}>
      <p class="dim">A running migration finishes, and no new one starts.</p>
      <Form work={pause} submit="Pause" back={{ text: 'Cancel', go: close }}>
        <label>
          For how long
          <select name="length">
            <option value="30m">30 minutes</option>
            <option value="1h" selected>
              1 hour
            </option>
            <option value="2h">2 hours</option>
            <option value="8h">8 hours</option>
            <option value="24h">1 day</option>
            <option value="">until resumed</option>
          </select>
        </label>
        <Field label="Why" name="reason" maxLength={500} placeholder="Upgrading the datanodes" />
        <NameField />
      </Form>
    </Dialog>
  );
}
