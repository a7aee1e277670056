import { fromMean, loadTexts, LOAD_VERBS } from '../../domain/load-text.ts';
import type { LoadMeasure } from '../../domain/load.ts';
import type { OrderedMove } from '../choose/order.ts';
import type { Counts } from '../counts.ts';
import type { Problem } from '../problem.ts';
import type { Band } from './band.ts';
import type { Loads } from './loads.ts';
import type { LoadStep } from './sequence.ts';

/** Makes the moves for load, with the numbers right before each and one sentence for a person. @param before moves of the plan before them. */
export function describeLoadMoves(
  problem: Problem,
  loads: Loads,
  band: Band,
  by: LoadMeasure,
  steps: readonly LoadStep[],
  counts: Counts,
  before: number,
): OrderedMove[] {
  const tell = createTeller(problem, loads, band, by);
  return steps.map((step, index): OrderedMove => {
    const { region, from, to } = step;
    const table = problem.tableOf[region]!;
    const [fromCell, toCell] = [counts.cell(table, from), counts.cell(table, to)];
    const move: OrderedMove = {
      ...{ region, from, to, reason: 'load', detail: tell(step, before + index === 0) },
      tableAtFrom: counts.at(fromCell),
      tableAtTo: counts.at(toCell),
      totalAtFrom: counts.total(from),
      totalAtTo: counts.total(to),
    };
    counts.move({ region, from, fromCell, to, toCell });
    return move;
  });
}

function createTeller(
  problem: Problem,
  loads: Loads,
  band: Band,
  by: LoadMeasure,
): (step: LoadStep, isFirst: boolean) => string {
  const { number, whole } = loadTexts(by, band.mean);
  const { regions } = problem.snapshot;
  return ({ region, from, to, atFrom, atTo, partner, opens, peaks }, isFirst) => {
    const [source, target] = [problem.nodes[from]!, problem.nodes[to]!];
    const load = loads.of[region]!;
    const due = band.mean * source.weight;
    const compared = fromMean(atFrom, due);
    const means = `${compared} ${source.weight === 1 ? 'the mean' : 'its share'}${compared === 'at' ? '' : ` of ${number(due)}`}`;
    const numbers = `Datanode ${source.id} ${isFirst ? '' : 'then '}${LOAD_VERBS[by]} ${whole(atFrom)}, ${means}; this region has ${whole(load)} of it; datanode ${target.id} has ${number(atTo)}.`;
    const swap =
      partner === -1
        ? opens
          ? ' Until the moves right after it are made, the table has one region too few or too many somewhere.'
          : ''
        : ` It changes places with region ${regions[partner]!.id} (${number(loads.of[partner]!)}), so that the table keeps its spread${opens ? ' once both have moved' : ''}.`;
    const peak = peaks ? ` For this one move datanode ${target.id} carries more than any did before.` : '';
    return numbers + swap + peak;
  };
}
