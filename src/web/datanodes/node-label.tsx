import type { JSX } from 'preact';
import type { StatusView } from '../../server/api/answers.ts';
import { DetailsButton } from '../controls/details-button.tsx';
import { formatChange, formatCount } from '../format.ts';
import { usePageState, useWhen } from '../page/page.ts';

/** Name, state and number of a datanode below its cells. */
export function NodeLabel({ id }: { readonly id: string }): JSX.Element {
  const when = useWhen();
  const datanode = usePageState(({ status }) => status?.datanodes.find((each) => each.id === id));
  const { regions = 0, regionsAfter = 0, state = 'target', addr = null } = datanode ?? {};
  return (
    <DetailsButton what="datanode" id={id} class={`node-label ${state}`} title={addr ?? undefined}>
      <span class="node-name">
        <span class="hidden">Datanode </span>
        {id} {datanode && <NodeBadges datanode={datanode} />}
      </span>
      <span class="node-count">
        <strong>{formatCount(when === 'now' ? regions : regionsAfter)}</strong>
        <span class="hidden"> regions </span>
        {when === 'now' && <small>{formatChange(regionsAfter - regions)}</small>}
      </span>
    </DetailsButton>
  );
}

export function NodeBadges({
  datanode: { state, weight, regions },
}: {
  readonly datanode: StatusView['datanodes'][number];
}): JSX.Element {
  const isDrained = state === 'draining' && regions === 0;
  const tone = isDrained ? 'good' : state === 'dead' ? 'bad' : 'warn';
  return (
    <>
      {state !== 'target' && <span class={`badge ${tone}`}>{isDrained ? 'drained' : state}</span>}
      {weight !== 1 && <span class="badge calm">weight {formatCount(weight)}</span>}
    </>
  );
}
