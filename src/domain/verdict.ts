import { count } from '../lib/number.ts';
import { isEven } from './balance.ts';
import type { DatanodeId } from './ids.ts';
import { fromMean } from './load-text.ts';
import type { Balance, DatanodeBalance, Warning } from './plan.ts';

/** What can be said of where the regions are. */
export type PlacementCode = 'balanced' | 'uneven' | 'attention' | 'nothing-selected';

export interface PlacementVerdict {
  /**
   * `balanced`: all is as the policy wants it, and nothing is wrong. `uneven`: a share is not kept, or a datanode that drains is not empty.
   * `attention`: even, but something is wrong that no move can mend. `nothing-selected`: there is nothing to balance.
   */
  readonly code: PlacementCode;
  /** Plain sentences: what is empty as it was asked for, what is wrong, whether the rest is even. */
  readonly sentence: string;
}

export interface JudgeOptions {
  /** Nobody asked for more than empty datanodes: nothing is said of shares. */
  readonly onlyDrain?: boolean;
  /** Where no move is left: how many blockers the plan names. */
  readonly blockers?: number;
  /** Where a load is watched before anything is planned for it: when the cycle begins that comes so many cycles from now, in ISO 8601. */
  readonly timeOfCycle?: (ahead: number) => string | undefined;
}

/**
 * Decides how a placement is to be called: the only place that says "balanced" or "empty", for command line, API, page, metrics and
 * notifications.
 */
export function judgePlacement(
  balance: Balance,
  warnings: readonly Warning[] = [],
  options: JudgeOptions = {},
): PlacementVerdict {
  const { onlyDrain = false } = options;
  const asked = onlyDrain ? { ...balance, tableSpreadViolation: 0, nodeSpreadViolation: 0 } : balance;
  const found = !onlyDrain && isEmpty(balance) ? 'nothing-selected' : codeOf(asked, warnings);
  // Nothing can be said to be even over no datanode.
  const code = found === 'balanced' && !onlyDrain && targetsOf(balance) === 0 ? 'attention' : found;
  const rest = onlyDrain ? [] : ending(code, balance, warnings, options);
  return { code, sentence: [...emptied(balance), ...remarksOn(balance, warnings), ...rest].join(' ') };
}

/** What is worth knowing of a placement, whatever moves are made: one sentence each. Empty when all is well. */
export function remarksOn(balance: Balance, warnings: readonly Warning[] = []): string[] {
  return [...problemsOf(balance), ...warnings.map(({ detail }) => detail), ...idleDead(balance)];
}

/** What is wrong with where regions are, beside uneven shares: one sentence each. Empty when nothing is. */
function problemsOf(balance: Balance): string[] {
  const { regionsOnDraining, regionsOnDead, regionsWithoutLeader, datanodes } = balance;
  const draining = datanodes.filter(({ drains, regions }) => drains && regions > 0);
  const dead = datanodes.filter(({ state, regions }) => state === 'dead' && regions > 0);
  const quarantined = datanodes.filter(({ state }) => state === 'quarantined');
  const problems: string[] = [];
  if (regionsOnDraining > 0) {
    const verb = draining.length === 1 ? 'drains' : 'drain';
    problems.push(`${count(regionsOnDraining, 'region')} left on ${named(draining)}, which ${verb}.`);
  }
  if (regionsOnDead > 0) {
    const leaders = dead.length === 0 ? 'datanodes that are not listed' : `dead ${named(dead)}`;
    problems.push(`${count(regionsOnDead, 'region')} led by ${leaders}: left to failover.`);
  }
  if (regionsWithoutLeader > 0) problems.push(`${count(regionsWithoutLeader, 'region')} without a leader.`);
  if (quarantined.length > 0) {
    const [are, them] = quarantined.length === 1 ? ['is', 'it'] : ['are', 'them'];
    problems.push(
      `${capital(named(quarantined))} ${are} in quarantine after failed migrations: nothing moves to ${them}, and the plan leaves ${them} out.`,
    );
  }
  return problems;
}

function targetsOf({ datanodes }: Balance): number {
  return datanodes.filter(({ state }) => state === 'target').length;
}

function isEmpty({ datanodes, regionsOnDead, regionsWithoutLeader }: Balance): boolean {
  return regionsOnDead + regionsWithoutLeader === 0 && datanodes.every(({ regions }) => regions === 0);
}

function codeOf(balance: Balance, warnings: readonly Warning[]): PlacementCode {
  if (warnings.some(({ code }) => code === 'nothing-selected')) return 'nothing-selected';
  if (!isEven(balance)) return 'uneven';
  return problemsOf(balance).length + warnings.length > 0 ? 'attention' : 'balanced';
}

/** A dead datanode that leads nothing is worth knowing of, and nothing wrong. */
function idleDead({ datanodes }: Balance): string[] {
  return stateOf(
    datanodes.filter(({ state, regions }) => state === 'dead' && regions === 0),
    'dead',
  );
}

/** What somebody asked to be emptied, and is. */
function emptied({ datanodes }: Balance): string[] {
  return stateOf(
    datanodes.filter(({ drains, regions }) => drains && regions === 0),
    'empty',
  );
}

/** `Datanode 3 is dead.` */
function stateOf(datanodes: readonly DatanodeBalance[], state: string): string[] {
  if (datanodes.length === 0) return [];
  return [`${capital(named(datanodes))} ${datanodes.length === 1 ? 'is' : 'are'} ${state}.`];
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function ending(
  code: PlacementCode,
  balance: Balance,
  warnings: readonly Warning[],
  options: JudgeOptions,
): string[] {
  const { datanodes, load } = balance;
  const { blockers } = options;
  // Why there are none may have been told.
  if (code === 'nothing-selected')
    return warnings.some((warning) => warning.code === code)
      ? []
      : ['No regions: there is nothing to balance.'];
  if (code === 'uneven') {
    if (load && balance.regionsOnDraining === 0 && balance.tableSpreadViolation === 0)
      return [unevenLoad(load, datanodes, options)];
    if (blockers === undefined) return ['Unbalanced.'];
    return [blockers > 0 ? 'Unbalanced; every useful move is blocked.' : 'Unbalanced; no move helps.'];
  }
  if (targetsOf(balance) === 0) return ['No datanode may lead regions.'];
  if (code === 'balanced') return ['Balanced.'];
  const kept = keptUneven(balance);
  return [
    kept === undefined ? 'The rest is balanced.' : `Unbalanced until ${kept} may receive regions again.`,
  ];
}

/** The datanodes in quarantine, where the cluster stays uneven without them: `datanode 3`. The shares of the others leave them out; the skew does not. */
export function keptUneven({ datanodes, load, tableSkewMax, nodeSkew }: Balance): string | undefined {
  const quarantined = datanodes.filter(({ state }) => state === 'quarantined');
  const skew = load ? tableSkewMax : Math.max(tableSkewMax, nodeSkew);
  return quarantined.length > 0 && skew > 1 ? named(quarantined) : undefined;
}

/** Where load alone is uneven: who carries most, or least where none has too much, and what is waited for. */
function unevenLoad(
  load: NonNullable<Balance['load']>,
  datanodes: readonly DatanodeBalance[],
  options: JudgeOptions,
): string {
  const { mean, low, high, state } = load;
  const carries = ({ load = 0, weight }: DatanodeBalance): number => load / weight;
  const byLoad = datanodes
    .filter(({ load }) => load !== undefined)
    .toSorted((a, b) => carries(b) - carries(a));
  const fullest = byLoad[0];
  const isAbove = fullest !== undefined && carries(fullest) > high;
  const farthest = isAbove ? fullest : byLoad.at(-1);
  if (!farthest) return 'Unbalanced.';
  const others = byLoad.filter((node) => (isAbove ? carries(node) > high : carries(node) < low)).length - 1;
  const alike = others > 0 ? `, ${count(others, 'more datanode')} too ${isAbove ? 'high' : 'low'}` : '';
  const who = `${named([farthest])} is ${fromMean(carries(farthest), mean)} the mean load${alike}`;
  if (state === 'waiting') return `Unbalanced: ${who}. ${waitText(load, options)}`;
  return `Unbalanced: ${who}${options.blockers === undefined ? '' : ', and no move or exchange helps'}.`;
}

/** What has to be seen before moves are planned for load, and until when. */
function waitText(
  { cyclesToWait = 0, readingsToWait = 0 }: NonNullable<Balance['load']>,
  { timeOfCycle }: JudgeOptions,
): string {
  const cycles = cyclesToPlan({ cyclesToWait, readingsToWait });
  if (cycles === 0)
    return 'A plan follows once the loads of its regions, too new or varying too much, are known better; when cannot be told.';
  const time = timeOfCycle?.(cycles);
  const planned = 'If it stays so, a plan follows in';
  const within = count(cycles, 'cycle');
  if (cyclesToWait >= readingsToWait)
    return `${planned} ${within}${time === undefined ? '' : `, at ${time}`}.`;
  return `${planned} at most ${within}${time === undefined ? '' : `, by ${time}`}: the loads are too new to rely on.`;
}

/** In so many cycles at most moves are planned for a load that is waited for; 0 where that cannot be told. */
export function cyclesToPlan({
  cyclesToWait = 0,
  readingsToWait = 0,
}: Pick<NonNullable<Balance['load']>, 'cyclesToWait' | 'readingsToWait'>): number {
  return Math.max(cyclesToWait, readingsToWait);
}

const MOST_NAMED = 5;

/** `datanode 3`, `datanodes 3 and 4`, `datanodes 1, 2, 3, 4, 5 and 7 more` */
export function named(datanodes: readonly Pick<DatanodeBalance, 'id'>[]): string {
  const ids: DatanodeId[] = datanodes.map(({ id }) => id);
  const more = ids.length > MOST_NAMED ? [`${ids.length - MOST_NAMED} more`] : [];
  const shown = [...ids.slice(0, MOST_NAMED), ...more];
  const last = shown.pop();
  const list = shown.length === 0 ? (last ?? '') : `${shown.join(', ')} and ${last ?? ''}`;
  return `${ids.length === 1 ? 'datanode' : 'datanodes'} ${list}`;
}
