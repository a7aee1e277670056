import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { actions, keepName } from '../api/actions.ts';
import type { DrainAnswer } from '../api/actions.ts';
import { Form, SearchField } from '../controls/form.tsx';
import type { Fields } from '../controls/form.tsx';
import { NotShown } from '../controls/section.tsx';
import { plural } from '../format.ts';
import { useDatanodes, usePage } from '../page/page.ts';
import { Dialog } from './dialog.tsx';
import { DrainPreview } from './drain-preview.tsx';
import { NameField } from './name-field.tsx';

const SHOWN = 200;
/** Fewer are found without a filter. */
const FILTERED = 12;

/** First which datanodes, then what that would move, then the word to do it. */
export function DrainDialog({
  close,
  datanodes,
}: {
  readonly close: () => void;
  readonly datanodes: readonly string[];
}): JSX.Element {
  const page = usePage();
  const [chosen, setChosen] = useState(datanodes);
  const [preview, setPreview] = useState<DrainAnswer | null>(null);
  const what = chosen.length === 1 ? `datanode ${chosen[0] ?? ''}` : plural(chosen.length, 'datanode');
  const show = async (): Promise<void> => setPreview(await actions.drain(chosen, true));
  const drain = async ({ by = '' }: Fields): Promise<void> => {
    keepName(by);
    await actions.drain(chosen, false);
    page.say(`Draining ${what}.`);
    close();
  };
  return (
    <Dialog title="Drain datanodes" close={close} wide>
      <p class="dim">
        Moves every region away, so that the datanodes can be switched off. Nothing moves before you confirm.
      </p>
      {preview ? (
        <Form
          key="drain"
          work={drain}
          submit={`Drain ${what}`}
          isDangerous
          back={{ text: 'Back', go: () => setPreview(null) }}
        >
          <DrainPreview plan={preview.plan} chosen={chosen} />
          <NameField />
        </Form>
      ) : (
        <Form
          key="preview"
          work={show}
          submit="Preview"
          isReady={chosen.length > 0}
          back={{ text: 'Cancel', go: close }}
        >
          <Chooser chosen={chosen} choose={setChosen} />
        </Form>
      )}
    </Dialog>
  );
}

function Chooser({
  chosen,
  choose,
}: {
  readonly chosen: readonly string[];
  readonly choose: (chosen: readonly string[]) => void;
}): JSX.Element {
  const datanodes = useDatanodes();
  const [text, setText] = useState('');
  const fitting = datanodes.filter(({ id, addr }) => id.includes(text) || (addr ?? '').includes(text));
  return (
    <fieldset>
      <legend>Which datanodes</legend>
      {datanodes.length > FILTERED && (
        <SearchField
          label="Filter datanodes"
          placeholder="Filter by id or address"
          value={text}
          onText={setText}
        />
      )}
      <div class="box">
        {fitting.slice(0, SHOWN).map(({ id, addr, regions, state }) => (
          <label key={id} class="check">
            <input
              type="checkbox"
              checked={chosen.includes(id)}
              disabled={state === 'draining'}
              onChange={(event) =>
                choose(event.currentTarget.checked ? [...chosen, id] : chosen.filter((each) => each !== id))
              }
            />
            <span>
              <strong>{id}</strong> <span class="dim">{addr ?? ''}</span>
            </span>
            <span class="dim">
              {plural(regions, 'region')}
              {state !== 'target' && `, ${state}`}
            </span>
          </label>
        ))}
      </div>
      <NotShown count={fitting.length - SHOWN} />
    </fieldset>
  );
}
