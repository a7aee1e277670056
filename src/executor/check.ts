import type { CauseCode } from '../domain/causes.ts';
import type { GateCode } from '../domain/codes.ts';
import type { Move } from '../domain/plan.ts';
import type { Datanode } from '../domain/snapshot.ts';
import type { RegionProcedure, RegionReading } from '../greptimedb/port.ts';

/** What was read for one move, right before it. */
export interface CheckReading {
  readonly region: RegionReading;
  readonly datanodes: readonly Datanode[];
  readonly procedures: readonly RegionProcedure[] | 'unsupported';
  /** The end of the region's cooldown or quarantine, when it is not over. */
  readonly cooldownUntilMs?: number;
  readonly quarantineUntilMs?: number;
  /** Whether an earlier move of this region has no known end. */
  readonly hasUnresolvedMove: boolean;
}

export type CheckResult =
  | { readonly kind: 'go' }
  | { readonly kind: 'abandon'; readonly cause: CauseCode; readonly detail: string }
  /** Nothing may be moved now, this region or any other. */
  | { readonly kind: 'gate'; readonly code: GateCode; readonly detail: string };

type CheckedMove = Pick<Move, 'regionId' | 'from' | 'to'>;
type Found = Extract<RegionReading, { kind: 'found' }>;

/** Whether a move may be submitted, by what was just read. Pure; the first reason against it wins. */
export function judgeCheck(move: CheckedMove, reading: CheckReading): CheckResult {
  const { region } = reading;
  if (region.kind === 'gone') return abandon('region-gone', `Region ${move.regionId} has no route any more.`);
  return (
    judgeRegion(move, region) ??
    judgeProcedures(move, reading.procedures) ??
    judgeHolds(move, reading) ??
    judgeDatanodes(move, reading.datanodes) ?? { kind: 'go' }
  );
}

function judgeRegion(move: CheckedMove, region: Found): CheckResult | undefined {
  const name = `Region ${move.regionId}`;
  if (region.status === 'migrating') return abandon('migrating', `${name} is being migrated.`);
  if (region.status === 'staging') return abandon('staging', `${name} is being repartitioned.`);
  if (region.leader === null) return abandon('no-leader', `${name} has no leader at this time.`);
  if (region.leader === move.to) {
    return abandon('already-there', `${name} is led by datanode ${move.to} already.`);
  }
  if (region.leader !== move.from) {
    return abandon(
      'leader-changed',
      `${name} is led by datanode ${region.leader}; the plan says datanode ${move.from}.`,
    );
  }
  if (region.followers.includes(move.to)) {
    return abandon('follower-on-target', `Datanode ${move.to} holds a follower of region ${move.regionId}.`);
  }
  return undefined;
}

function judgeProcedures(
  move: CheckedMove,
  procedures: readonly RegionProcedure[] | 'unsupported',
): CheckResult | undefined {
  if (procedures === 'unsupported') return undefined;
  const active = procedures.filter((procedure) => procedure.active);
  const holder = active.find((procedure) => procedure.regionIds.includes(move.regionId));
  if (holder) {
    return abandon(
      'migrating',
      `Procedure ${holder.procedureId} (${holder.type}) holds region ${move.regionId}.`,
    );
  }
  const running = otherMigration(active);
  return running === undefined ? undefined : { kind: 'gate', code: 'migration-running', detail: running };
}

/** A sentence about a region migration that is under way in the cluster, if there is one. */
export function otherMigration(procedures: readonly RegionProcedure[]): string | undefined {
  const running = procedures.find((procedure) => procedure.active && procedure.isRegionMigration);
  if (!running) return undefined;
  return `Procedure ${running.procedureId} migrates region ${running.regionIds.join(', ')} (${running.status}).`;
}

function judgeHolds(move: CheckedMove, reading: CheckReading): CheckResult | undefined {
  const { cooldownUntilMs, quarantineUntilMs } = reading;
  if (reading.hasUnresolvedMove) {
    return abandon(
      'migrating',
      `What became of an earlier move of region ${move.regionId} is not known yet.`,
    );
  }
  if (cooldownUntilMs !== undefined) {
    return abandon('cooldown', `Region ${move.regionId} rests until ${isoTime(cooldownUntilMs)}.`);
  }
  if (quarantineUntilMs !== undefined) {
    return abandon(
      'quarantined',
      `Region ${move.regionId} is in quarantine until ${isoTime(quarantineUntilMs)}.`,
    );
  }
  return undefined;
}

function judgeDatanodes(move: CheckedMove, datanodes: readonly Datanode[]): CheckResult | undefined {
  const status = (id: string): Datanode['status'] | undefined =>
    datanodes.find((datanode) => datanode.id === id)?.status;
  if (status(move.from) === undefined) {
    return abandon('unknown-datanode', `The cluster does not list datanode ${move.from}.`);
  }
  if (status(move.from) === 'dead') return abandon('leader-dead', `Datanode ${move.from} is not alive.`);
  if (status(move.to) === undefined) {
    return abandon('target-dead', `The cluster does not list datanode ${move.to}.`);
  }
  if (status(move.to) === 'dead') return abandon('target-dead', `Datanode ${move.to} is not alive.`);
  return undefined;
}

function abandon(cause: CauseCode, detail: string): CheckResult {
  return { kind: 'abandon', cause, detail };
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
