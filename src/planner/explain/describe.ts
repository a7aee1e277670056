import type { Move } from '../../domain/plan.ts';
import { fullTableName } from '../../domain/snapshot.ts';
import type { Counts } from '../counts.ts';
import { shareText } from './explain-parts.ts';
import type { OrderedMove } from '../choose/order.ts';
import { hasToLeave } from '../problem.ts';
import type { Problem } from '../problem.ts';

/** Writes moves as the plan tells them. There may be a hundred thousand: what many share is written once. */
export function createMoveWriter(problem: Problem, counts: Counts): (move: OrderedMove, seq: number) => Move {
  const names = new Array<string | undefined>(problem.tables.length);
  const shares = new ShareTexts(problem, counts);
  const nameOf = (table: number): string => (names[table] ??= fullTableName(problem.tables[table]!));
  return (move, seq) => {
    const region = problem.snapshot.regions[move.region]!;
    return {
      seq,
      regionId: region.id,
      tableId: region.tableId,
      table: nameOf(problem.tableOf[move.region]!),
      from: problem.nodes[move.from]!.id,
      to: problem.nodes[move.to]!.id,
      reason: move.reason,
      detail: move.detail ?? explainMove(problem, counts, shares, move),
    };
  };
}

/** Joined, not added up: a string that was added up keeps all its parts, which for a million moves is hundreds of megabytes. */
function explainMove(problem: Problem, counts: Counts, shares: ShareTexts, move: OrderedMove): string {
  const from = problem.nodes[move.from]!.id;
  const to = problem.nodes[move.to]!.id;
  if (hasToLeave(problem.hold[move.region]!))
    return `Datanode ${from} is draining: every region leaves it, also of tables that are not selected. Datanode ${to} has the fewest of this table.`;
  const left = plural(move.totalAtFrom);
  if (move.reason === 'drain')
    return ['Datanode ', from, ' is draining and has ', left, ' left; datanode ', to, BELOW_SHARE].join('');
  if (move.reason === 'table-spread') {
    const table = problem.tableOf[move.region]!;
    const regions = plural(counts.regionsOf(table));
    const has = ['Datanode ', from, ' has ', move.tableAtFrom, " of the table's ", regions].join('');
    const fair = fairShares(shares.ofTable(table, move.from), shares.ofTable(table, move.to));
    return [has, ', datanode ', to, ' has ', orNone(move.tableAtTo), '; ', fair].join('');
  }
  const has = ['Datanode ', from, ' has ', left, ' in total'].join('');
  const fair = fairShares(shares.ofNode(move.from), shares.ofNode(move.to));
  return [has, ', datanode ', to, ' has ', orNone(move.totalAtTo), '; ', fair, TABLE_STAYS_EVEN].join('');
}

const TABLE_STAYS_EVEN = ' The table itself stays even.';
const BELOW_SHARE = ' is below its fair share.';

function fairShares(from: string, to: string): string {
  return from === to ? `fair share ${from} each.` : `fair shares ${from} and ${to}.`;
}

function orNone(regions: number): string {
  return regions === 0 ? 'none' : String(regions);
}

/** Fair shares as text: of all regions by datanode, and of a table by datanode. Tables of one size on datanodes of one weight have the same. */
class ShareTexts {
  readonly #problem: Problem;
  readonly #counts: Counts;
  readonly #ofNode: (string | undefined)[];
  readonly #texts = new Map<number, string>();
  #regions = -1;

  constructor(problem: Problem, counts: Counts) {
    this.#problem = problem;
    this.#counts = counts;
    this.#ofNode = new Array<string | undefined>(problem.nodes.length);
  }

  ofNode(node: number): string {
    return (this.#ofNode[node] ??= shareText(this.#counts.nodeShare(node)));
  }

  ofTable(table: number, node: number): string {
    const regions = this.#counts.regionsOf(table);
    if (regions !== this.#regions) this.#texts.clear();
    this.#regions = regions;
    // A datanode that is no target has a share of nothing, whatever it weighs.
    const { weight, state } = this.#problem.nodes[node]!;
    const key = state === 'target' ? weight : -1;
    let text = this.#texts.get(key);
    if (text === undefined) this.#texts.set(key, (text = shareText(this.#counts.tableShare(table, node))));
    return text;
  }
}

function plural(regions: number): string {
  return regions === 1 ? '1 region' : `${regions} regions`;
}
