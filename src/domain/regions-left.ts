import type { BlockerCode } from './codes.ts';
import type { DatanodeId, RegionId } from './ids.ts';
import type { Plan } from './plan.ts';
import { fullTableName } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';

/** How a drain ended. */
export interface DrainVerdict {
  /** Regions that were moved, and moves that failed; absent where another process moved them. */
  readonly moves?: { readonly moved: number; readonly failed: number };
  readonly dryRun: boolean;
  readonly datanodes: readonly DrainedDatanode[];
}

interface DrainedDatanode {
  readonly id: DatanodeId;
  readonly left: readonly LeftRegion[];
}

export interface LeftRegion {
  readonly regionId: RegionId;
  readonly table: string;
  readonly code?: BlockerCode | undefined;
  readonly detail: string;
}

/** Every region that the datanode leads in the snapshot, with what keeps it there: its blocker, or what stopped the moves of the plan. */
export function regionsLeft(
  snapshot: Snapshot,
  datanode: DatanodeId,
  { plan, stop }: { readonly plan: Pick<Plan, 'moves' | 'blocked'>; readonly stop: string | undefined },
): LeftRegion[] {
  const tables = new Map(snapshot.tables.map((table) => [table.id, fullTableName(table)]));
  const blockers = new Map(plan.blocked.map((blocker) => [blocker.regionId, blocker]));
  const moves = new Map(plan.moves.map((move) => [move.regionId, move]));
  return snapshot.regions
    .filter(({ leader }) => leader === datanode)
    .map(({ id, tableId }) => {
      const blocker = blockers.get(id);
      const move = moves.get(id);
      const planned = move ? `It would move to datanode ${move.to}.` : 'Nothing is planned for it.';
      return {
        regionId: id,
        table: tables.get(tableId) ?? tableId,
        code: blocker?.code,
        detail: blocker?.detail ?? (stop === undefined ? planned : `${planned} ${stop}`),
      };
    });
}
