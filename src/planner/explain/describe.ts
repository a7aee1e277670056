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
  const phrases = new Phrases(problem, counts);
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
      detail: move.detail ?? explainMove(problem, counts, phrases, move, seq === 1),
    };
  };
}

/** Added up of few parts, most of which many sentences share: joining takes several times as long. Many would keep more memory than the text. */
function explainMove(
  problem: Problem,
  counts: Counts,
  phrases: Phrases,
  move: OrderedMove,
  isFirst: boolean,
): string {
  const { from, to, reason } = move;
  if (hasToLeave(problem.hold[move.region]!))
    return `Datanode ${problem.nodes[from]!.id} is draining: every region leaves it, also of tables that are not selected. Datanode ${problem.nodes[to]!.id} has the fewest of this table.`;
  if (reason === 'drain') {
    const share = counts.tableShare(problem.tableOf[move.region]!, to);
    const isBelow = move.tableAtTo < share.ceil || move.totalAtTo < counts.nodeShare(to).ceil;
    const target = isBelow ? phrases.isBelow(to) : phrases.takes(to);
    return phrases.drains(from, isFirst) + plural(move.totalAtFrom) + target;
  }
  if (reason === 'table-spread') {
    const table = problem.tableOf[move.region]!;
    const has =
      phrases.has(from, isFirst) + String(move.tableAtFrom) + phrases.ofTable(counts.regionsOf(table));
    return has + phrases.whereas(to) + orNone(move.tableAtTo) + phrases.tableShares(table, from, to);
  }
  const has = phrases.has(from, isFirst) + plural(move.totalAtFrom) + ' in total';
  return has + phrases.whereas(to) + orNone(move.totalAtTo) + phrases.nodeShares(from, to);
}

function orNone(regions: number): string {
  return regions === 0 ? 'none' : String(regions);
}

/** Two fair shares, and what is said of them. */
interface Fair {
  readonly from: string;
  readonly to: string;
  readonly ofTable: string;
  readonly ofNodes: string;
}

/** What sentences are made of, each written once. Tables of one size on datanodes of one weight have the same fair shares. */
class Phrases {
  readonly #problem: Problem;
  readonly #counts: Counts;
  /** By datanode. */
  readonly #has: string[];
  readonly #thenHas: string[];
  readonly #whereas: string[];
  readonly #drains: string[];
  readonly #thenDrains: string[];
  readonly #isBelow: string[];
  readonly #takes: string[];
  readonly #shareOfNode: (string | undefined)[];
  /** By weight, of the tables of this size. */
  readonly #shareOfTable = new Map<number, string>();
  #regions = -1;
  #ofTable = '';
  /** What was said last of fair shares. */
  #fair: Fair = { from: '', to: '', ofNodes: '', ofTable: '' };

  constructor(problem: Problem, counts: Counts) {
    this.#problem = problem;
    this.#counts = counts;
    const ids = problem.nodes.map(({ id }) => id);
    this.#has = ids.map((id) => `Datanode ${id} has `);
    this.#thenHas = ids.map((id) => `Datanode ${id} then has `);
    this.#whereas = ids.map((id) => `, datanode ${id} has `);
    this.#drains = ids.map((id) => `Datanode ${id} is draining and has `);
    this.#thenDrains = ids.map((id) => `Datanode ${id} is draining and then has `);
    this.#isBelow = ids.map((id) => ` left; datanode ${id} is below its fair share.`);
    this.#takes = ids.map((id) => ` left; datanode ${id} may take it.`);
    this.#shareOfNode = new Array<string | undefined>(ids.length);
  }

  /** The numbers are those right before the move: of the first one, those of now. */
  has(node: number, isFirst: boolean): string {
    return (isFirst ? this.#has : this.#thenHas)[node]!;
  }

  whereas(node: number): string {
    return this.#whereas[node]!;
  }

  drains(node: number, isFirst: boolean): string {
    return (isFirst ? this.#drains : this.#thenDrains)[node]!;
  }

  isBelow(node: number): string {
    return this.#isBelow[node]!;
  }

  takes(node: number): string {
    return this.#takes[node]!;
  }

  ofTable(regions: number): string {
    if (regions === this.#regions) return this.#ofTable;
    this.#shareOfTable.clear();
    this.#regions = regions;
    return (this.#ofTable = ` of the table's ${plural(regions)}`);
  }

  /** @param table of the size that {@link ofTable} was asked for. */
  tableShares(table: number, from: number, to: number): string {
    return this.#fairShares(this.#tableShare(table, from), this.#tableShare(table, to)).ofTable;
  }

  nodeShares(from: number, to: number): string {
    return this.#fairShares(this.#nodeShare(from), this.#nodeShare(to)).ofNodes;
  }

  #nodeShare(node: number): string {
    return (this.#shareOfNode[node] ??= shareText(this.#counts.nodeShare(node)));
  }

  #tableShare(table: number, node: number): string {
    // A datanode that is no target has a share of nothing, whatever it weighs.
    const { weight, state } = this.#problem.nodes[node]!;
    const key = state === 'target' ? weight : -1;
    let text = this.#shareOfTable.get(key);
    if (text === undefined)
      this.#shareOfTable.set(key, (text = shareText(this.#counts.tableShare(table, node))));
    return text;
  }

  #fairShares(from: string, to: string): Fair {
    if (from === this.#fair.from && to === this.#fair.to) return this.#fair;
    const ofTable = from === to ? `; fair share ${from} each.` : `; fair shares ${from} and ${to}.`;
    return (this.#fair = { from, to, ofTable, ofNodes: `${ofTable} The table itself stays even.` });
  }
}

function plural(regions: number): string {
  return regions === 1 ? '1 region' : `${regions} regions`;
}
