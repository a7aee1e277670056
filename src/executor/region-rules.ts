import type { CauseCode } from '../domain/causes.ts';
import type { DatanodeId } from '../domain/ids.ts';
import type { Move } from '../domain/plan.ts';
import { takesWrites } from '../domain/snapshot.ts';
import type { Datanode } from '../domain/snapshot.ts';
import type { RegionProcedure, RegionReading } from '../greptimedb/port.ts';

/** All that the rules about one move's region look at. */
export interface RegionFacts {
  readonly move: Pick<Move, 'regionId' | 'from' | 'to' | 'reason'>;
  readonly region: RegionReading;
  readonly datanodes: readonly Datanode[];
  readonly procedures: readonly RegionProcedure[] | 'unsupported';
  readonly draining: readonly DatanodeId[];
  /** The end of the region's cooldown or quarantine, when it is not over. */
  readonly cooldownUntilMs?: number;
  readonly quarantineUntilMs?: number;
  /** Whether an earlier move of this region has no known end. */
  readonly hasUnresolvedMove: boolean;
}

/** Why a move no longer applies. */
export interface BrokenRule {
  readonly cause: CauseCode;
  readonly detail: string;
}

type Found = Extract<RegionReading, { kind: 'found' }>;

interface RegionRule {
  readonly cause: CauseCode;
  /** @returns why the move must not be made, or undefined when this rule has nothing against it. */
  readonly whyNot: (facts: RegionFacts, region: Found) => string | undefined;
}

/** As in the list of gates: operators first, then the cluster, then our own rules. */
const REGION_RULES: readonly RegionRule[] = [
  {
    cause: 'no-longer-wanted',
    whyNot: ({ move, draining }) => when(draining.includes(move.to), `Datanode ${move.to} drains now.`),
  },
  {
    cause: 'no-longer-wanted',
    whyNot: ({ move, draining }) =>
      when(move.reason === 'drain' && !draining.includes(move.from), `Datanode ${move.from} drains no more.`),
  },
  {
    cause: 'no-longer-wanted',
    whyNot: ({ move: { to }, datanodes }) =>
      when(
        datanodes.some((datanode) => datanode.id === to && !takesWrites(datanode)),
        `Datanode ${to} takes no writes.`,
      ),
  },
  {
    cause: 'migrating',
    whyNot: ({ move }, { status }) =>
      when(status === 'migrating', `Region ${move.regionId} is being migrated.`),
  },
  {
    cause: 'staging',
    whyNot: ({ move }, { status }) =>
      when(status === 'staging', `Region ${move.regionId} is being repartitioned.`),
  },
  {
    cause: 'no-leader',
    whyNot: ({ move }, { leader }) =>
      when(leader === null, `Region ${move.regionId} has no leader at this time.`),
  },
  {
    cause: 'already-there',
    whyNot: ({ move }, { leader }) =>
      when(leader === move.to, `Region ${move.regionId} is led by datanode ${move.to} already.`),
  },
  {
    cause: 'leader-changed',
    whyNot: ({ move }, { leader }) =>
      when(
        leader !== move.from,
        `Region ${move.regionId} is led by datanode ${leader}; the plan says datanode ${move.from}.`,
      ),
  },
  {
    cause: 'follower-on-target',
    whyNot: ({ move }, { followers }) =>
      when(followers.includes(move.to), `Datanode ${move.to} holds a follower of region ${move.regionId}.`),
  },
  { cause: 'migrating', whyNot: whyHeld },
  {
    cause: 'unknown-datanode',
    whyNot: ({ move: { from }, datanodes }) =>
      when(statusOf(datanodes, from) === undefined, `The cluster does not list datanode ${from}.`),
  },
  {
    cause: 'leader-dead',
    whyNot: ({ move: { from }, datanodes }) =>
      when(statusOf(datanodes, from) === 'dead', `Datanode ${from} is not alive.`),
  },
  {
    cause: 'target-dead',
    whyNot: ({ move: { to }, datanodes }) =>
      when(statusOf(datanodes, to) === undefined, `The cluster does not list datanode ${to}.`) ??
      when(statusOf(datanodes, to) === 'dead', `Datanode ${to} is not alive.`),
  },
  {
    cause: 'migrating',
    whyNot: ({ move, hasUnresolvedMove }) =>
      when(hasUnresolvedMove, `What became of an earlier move of region ${move.regionId} is not known yet.`),
  },
  {
    // An operator who empties a datanode has decided: a region that was moved there a moment ago has to leave as well.
    cause: 'cooldown',
    whyNot: ({ move, cooldownUntilMs: untilMs }) =>
      move.reason === 'drain' || untilMs === undefined
        ? undefined
        : `Region ${move.regionId} rests until ${isoTime(untilMs)}.`,
  },
  {
    cause: 'quarantined',
    whyNot: ({ move, quarantineUntilMs: untilMs }) =>
      untilMs === undefined
        ? undefined
        : `Region ${move.regionId} is in quarantine until ${isoTime(untilMs)}.`,
  },
];

/** The first rule that forbids the move, if any. Pure. */
export function brokenRule(facts: RegionFacts): BrokenRule | undefined {
  const { region, move } = facts;
  if (region.kind === 'gone') {
    return { cause: 'region-gone', detail: `Region ${move.regionId} has no route any more.` };
  }
  for (const { cause, whyNot } of REGION_RULES) {
    const detail = whyNot(facts, region);
    if (detail !== undefined) return { cause, detail };
  }
  return undefined;
}

function whyHeld({ move, procedures }: RegionFacts): string | undefined {
  if (procedures === 'unsupported') return undefined;
  const holder = procedures.find(({ active, regionIds }) => active && regionIds.includes(move.regionId));
  return holder && `Procedure ${holder.procedureId} (${holder.type}) holds region ${move.regionId}.`;
}

function statusOf(datanodes: readonly Datanode[], id: DatanodeId): Datanode['status'] | undefined {
  return datanodes.find((datanode) => datanode.id === id)?.status;
}

function when(isBroken: boolean, detail: string): string | undefined {
  return isBroken ? detail : undefined;
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
