import { violation } from '../../domain/quotas.ts';
import type { Relocation } from '../choose/choose.ts';
import type { Board } from './board.ts';

/** How the tables' regions are spread while moves are made one by one, from where all regions were before any move. */
export class TableSpreads {
  readonly #board: Board;
  /** By table, how many regions each column leads. Counted when first asked for. */
  readonly #counts = new Map<number, Int32Array>();

  constructor(board: Board) {
    this.#board = board;
  }

  /** By how many regions a move makes its table's spread worse: less than 0 where it helps, from -2 to 2. */
  change({ region, from, to }: Relocation): number {
    const { tableOf, columnOf } = this.#board.problem;
    const table = tableOf[region]!;
    return this.#changeOf(table, columnOf[from]!, -1) + this.#changeOf(table, columnOf[to]!, 1);
  }

  make({ region, from, to }: Relocation): void {
    const { tableOf, columnOf } = this.#board.problem;
    const counts = this.#countsOf(tableOf[region]!);
    if (columnOf[from] !== -1) counts[columnOf[from]!]! -= 1;
    counts[columnOf[to]!]! += 1;
  }

  /** What drains is no target, and has no share. */
  #changeOf(table: number, column: number, step: number): number {
    if (column === -1) return 0;
    const { floor, ceil } = this.#board.cells(table);
    const count = this.#countsOf(table)[column]!;
    const violationAt = (regions: number): number => violation(regions, floor[column]!, ceil[column]!);
    return violationAt(count + step) - violationAt(count);
  }

  #countsOf(table: number): Int32Array {
    let counts = this.#counts.get(table);
    if (counts) return counts;
    const { problem, home } = this.#board;
    counts = new Int32Array(problem.columns.length);
    for (let index = problem.start[table]!; index < problem.start[table + 1]!; index += 1) {
      const column = home[problem.regionsOfTable[index]!]!;
      if (column !== -1) counts[column]! += 1;
    }
    this.#counts.set(table, counts);
    return counts;
  }
}
