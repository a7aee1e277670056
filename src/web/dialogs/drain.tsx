import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Plan } from '../../domain/plan.ts';
import { actions, keepName, readName } from '../actions.ts';
import type { DrainPreview } from '../actions.ts';
import { formatCount, plural } from '../format.ts';
import { useModel } from '../model.ts';
import { MoveText, Problem } from '../views/parts.tsx';
import { useAttempt } from './attempt.ts';
import { Dialog } from './dialogs.tsx';
import type { DialogProps } from './dialogs.tsx';
import { NameField } from './pause.tsx';

const SHOWN = 200;

/** First which datanodes, then what that would move, then the word to do it. */
export function DrainDialog({
  page,
  close,
  datanodes: preset,
}: DialogProps & { readonly datanodes: readonly string[] }): JSX.Element {
  const [chosen, setChosen] = useState<readonly string[]>(preset);
  const [preview, setPreview] = useState<DrainPreview | null>(null);
  const [name, setName] = useState(readName);
  const { isBusy, problem, run } = useAttempt(page);
  const show = async (): Promise<void> => setPreview(await actions.drain(chosen, true));
  const drain = async (): Promise<void> => {
    keepName(name.trim());
    await actions.drain(chosen, false);
    page.say(
      `${chosen.length === 1 ? `Datanode ${chosen[0] ?? ''} drains` : 'The datanodes drain'} from now on.`,
      'good',
    );
    close();
  };
  return (
    <Dialog title="Drain datanodes" close={close} wide>
      <p class="dim">
        Moves every region away, so that the datanodes can be switched off. Nothing happens before you
        confirm.
      </p>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void run(preview ? drain : show);
        }}
      >
        {preview ? (
          <Preview preview={preview} chosen={chosen} />
        ) : (
          <Chooser page={page} chosen={chosen} choose={setChosen} />
        )}
        {preview && <NameField name={name} setName={setName} />}
        <Problem text={problem} />
        <div class="form-end">
          {preview ? (
            <button type="button" class="button" onClick={() => setPreview(null)}>
              Back
            </button>
          ) : (
            <button type="button" class="button" onClick={close}>
              Cancel
            </button>
          )}
          <button
            type="submit"
            class={preview ? 'button danger' : 'button primary'}
            disabled={isBusy || chosen.length === 0}
          >
            {preview
              ? `Drain ${chosen.length === 1 ? `datanode ${chosen[0] ?? ''}` : plural(chosen.length, 'datanode')}`
              : 'Preview'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Chooser({
  page,
  chosen,
  choose,
}: {
  readonly page: DialogProps['page'];
  readonly chosen: readonly string[];
  readonly choose: (chosen: readonly string[]) => void;
}): JSX.Element {
  const datanodes = useModel(page.store, (model) => model.status?.datanodes) ?? [];
  const [text, setText] = useState('');
  const fitting = datanodes.filter(({ id, addr }) => id.includes(text) || (addr ?? '').includes(text));
  return (
    <fieldset>
      <legend>Which datanodes</legend>
      {datanodes.length > 12 && (
        <input
          type="search"
          aria-label="Filter datanodes"
          placeholder="Filter by id or address"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      )}
      <div class="checks">
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
            <span class="dim">{state === 'target' ? plural(regions, 'region') : state}</span>
          </label>
        ))}
      </div>
      {fitting.length > SHOWN && (
        <p class="dim">and {formatCount(fitting.length - SHOWN)} more: filter to see them</p>
      )}
    </fieldset>
  );
}

function Preview({
  preview: { plan },
  chosen,
}: {
  readonly preview: DrainPreview;
  readonly chosen: readonly string[];
}): JSX.Element {
  if (!plan)
    return (
      <p class="problem">The cluster has not been read yet, so that nobody can say what this would move.</p>
    );
  const left = plan.after.regionsOnDraining;
  return (
    <div class="preview" aria-live="polite">
      <p>
        <strong>{plural(plan.moves.length, 'move')}</strong> {plan.moves.length === 1 ? 'empties' : 'empty'}{' '}
        {chosen.length === 1 ? 'datanode' : 'datanodes'} {chosen.join(', ')} and{' '}
        {plan.moves.length === 1 ? 'keeps' : 'keep'} the rest balanced.{' '}
        {plan.optimal ? 'No plan has fewer.' : `At least ${formatCount(plan.minimumMoves)} are needed.`}
      </p>
      {left > 0 && (
        <p class="problem">
          {plural(left, 'region')} would stay: {blockerCodes(plan)}.
        </p>
      )}
      <table class="before-after">
        <thead>
          <tr>
            <th scope="col">Datanode</th>
            <th scope="col" class="number">
              Now
            </th>
            <th scope="col" class="number">
              After
            </th>
          </tr>
        </thead>
        <tbody>
          {changesOf(plan).map(({ id, before, after }) => (
            <tr key={id}>
              <th scope="row">{id}</th>
              <td class="number">{formatCount(before)}</td>
              <td class="number">{formatCount(after)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <details>
        <summary>The moves</summary>
        <ol class="moves scroll" tabIndex={0} aria-label="Planned moves">
          {plan.moves.slice(0, SHOWN).map((move) => (
            <li key={move.regionId} class="row">
              <span class="seq">{move.seq}</span>
              <MoveText move={move} />
            </li>
          ))}
        </ol>
        {plan.moves.length > SHOWN && <p class="dim">and {formatCount(plan.moves.length - SHOWN)} more</p>}
      </details>
    </div>
  );
}

function blockerCodes({ blocked }: Plan): string {
  return [...new Set(blocked.map(({ code }) => code))].slice(0, 5).join(', ') || 'nothing says why';
}

/** The datanodes whose number changes, at most so many as one wants to read. */
function changesOf({ before, after }: Plan): readonly { id: string; before: number; after: number }[] {
  const then = new Map(after.datanodes.map(({ id, regions }) => [id, regions]));
  return before.datanodes
    .map(({ id, regions }) => ({ id, before: regions, after: then.get(id) ?? regions }))
    .filter((change) => change.before !== change.after)
    .slice(0, 50);
}
