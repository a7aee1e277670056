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

/** @returns why the move must not be made; false or undefined when this rule has nothing against it. */
type RegionRule = (facts: RegionFacts, region: Found) => string | false | undefined;

/** As in the list of gates: operators first, then the cluster, then our own rules. */
const REGION_RULES: readonly (readonly [CauseCode, RegionRule])[] = [
  [
    'no-longer-wanted',
    ({ move, draining }) => draining.includes(move.to) && `Datanode ${move.to} drains now.`,
  ],
  [
    'no-longer-wanted',
    ({ move, draining }) =>
      move.reason === 'drain' && !draining.includes(move.from) && `Datanode ${move.from} drains no more.`,
  ],
  [
    'no-longer-wanted',
    ({ move: { to }, datanodes }) =>
      datanodes.some((datanode) => datanode.id === to && !takesWrites(datanode)) &&
      `Datanode ${to} takes no writes.`,
  ],
  [
    'migrating',
    ({ move }, { status }) => status === 'migrating' && `Region ${move.regionId} is being migrated.`,
  ],
  [
    'staging',
    ({ move }, { status }) => status === 'staging' && `Region ${move.regionId} is being repartitioned.`,
  ],
  [
    'no-leader',
    ({ move }, { leader }) => leader === null && `Region ${move.regionId} has no leader at this time.`,
  ],
  [
    'already-there',
    ({ move }, { leader }) =>
      leader === move.to && `Region ${move.regionId} is led by datanode ${move.to} already.`,
  ],
  [
    'leader-changed',
    ({ move }, { leader }) =>
      leader !== move.from &&
      `Region ${move.regionId} is led by datanode ${leader}; the plan says datanode ${move.from}.`,
  ],
  [
    'follower-on-target',
    ({ move }, { followers }) =>
      followers.includes(move.to) && `Datanode ${move.to} holds a follower of region ${move.regionId}.`,
  ],
  ['migrating', whyHeld],
  ['unknown-datanode', ({ move: { from }, datanodes }) => whyUnlisted(datanodes, from)],
  ['leader-dead', ({ move: { from }, datanodes }) => whyDead(datanodes, from)],
  ['target-dead', ({ move: { to }, datanodes }) => whyUnlisted(datanodes, to) ?? whyDead(datanodes, to)],
  [
    'migrating',
    ({ move, hasUnresolvedMove }) =>
      hasUnresolvedMove && `What became of an earlier move of region ${move.regionId} is not known yet.`,
  ],
  [
    // An operator who empties a datanode has decided: a region that was moved there a moment ago has to leave as well.
    'cooldown',
    ({ move, cooldownUntilMs: untilMs }) =>
      move.reason !== 'drain' &&
      untilMs !== undefined &&
      `Region ${move.regionId} rests until ${isoTime(untilMs)}.`,
  ],
  [
    'quarantined',
    ({ move, quarantineUntilMs: untilMs }) =>
      untilMs !== undefined && `Region ${move.regionId} is in quarantine until ${isoTime(untilMs)}.`,
  ],
];

/** The first rule that forbids the move, if any. Pure. */
export function brokenRule(facts: RegionFacts): BrokenRule | undefined {
  const { region, move } = facts;
  if (region.kind === 'gone') {
    return { cause: 'region-gone', detail: `Region ${move.regionId} has no route any more.` };
  }
  for (const [cause, whyNot] of REGION_RULES) {
    const detail = whyNot(facts, region);
    if (typeof detail === 'string') return { cause, detail };
  }
  return undefined;
}

function whyHeld({ move, procedures }: RegionFacts): string | undefined {
  if (procedures === 'unsupported') return undefined;
  const holder = procedures.find(({ active, regionIds }) => active && regionIds.includes(move.regionId));
  return holder && `Procedure ${holder.procedureId} (${holder.type}) holds region ${move.regionId}.`;
}

function whyUnlisted(datanodes: readonly Datanode[], id: DatanodeId): string | undefined {
  return datanodes.some((datanode) => datanode.id === id)
    ? undefined
    : `The cluster does not list datanode ${id}.`;
}

function whyDead(datanodes: readonly Datanode[], id: DatanodeId): string | undefined {
  const isDead = datanodes.some((datanode) => datanode.id === id && datanode.status === 'dead');
  return isDead ? `Datanode ${id} is not alive.` : undefined;
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}
