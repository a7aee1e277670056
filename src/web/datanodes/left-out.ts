import { countsForSkew } from '../../domain/datanode-state.ts';
import { nameDatanodes } from '../../domain/ids.ts';
import type { DatanodeState } from '../../domain/datanode-state.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { plural } from '../format.ts';

type Datanodes = StatusView['datanodes'];

/** More are counted, not named. */
const NAMED = 4;

/** `without datanode 2 (draining)`: whom skew leaves out, and who is in it though nothing moves to it; nothing where it compares all. */
export function skewScopeText(datanodes: Datanodes): string {
  const resting = datanodes.filter(({ state }) => state === 'quarantined');
  const texts = [without(datanodes, countsForSkew), resting.length > 0 ? `with ${namesOf(resting)}` : ''];
  return texts.filter((text) => text !== '').join(', ');
}

/** The same of fair shares; that of a draining datanode is none at all. */
export function shareScopeText(datanodes: Datanodes): string {
  return without(datanodes, (state) => state === 'target' || state === 'draining');
}

/** The same of the mean load. */
export function loadScopeText(datanodes: Datanodes): string {
  return without(datanodes, (state) => state === 'target');
}

function without(datanodes: Datanodes, isCompared: (state: DatanodeState) => boolean): string {
  const left = datanodes.filter(({ state }) => !isCompared(state));
  return left.length === 0 ? '' : `without ${namesOf(left)}`;
}

function namesOf(datanodes: Datanodes): string {
  const groups = [...Map.groupBy(datanodes, ({ state }) => state)];
  return groups
    .map(([state, group]) => {
      const many = group.length > NAMED;
      return `${many ? plural(group.length, 'datanode') : nameDatanodes(group.map(({ id }) => id))} (${state})`;
    })
    .join(' and ');
}
