import type { ComponentChildren, JSX } from 'preact';
import { countsForSkew } from '../../domain/datanode-state.ts';
import { highestAbove } from '../../domain/load-text.ts';
import { nameDatanodes } from '../../domain/ids.ts';
import { formatEstimate } from '../../lib/duration.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { FactList } from '../controls/fact-list.tsx';
import type { NamedFact } from '../controls/fact-list.tsx';
import { Route } from '../controls/move.tsx';
import { Ahead } from '../controls/time.tsx';
import { formatCount, plural, shortTable } from '../format.ts';
import {
  costlyOf,
  drainingOf,
  hasNoWay,
  hasWeights,
  isBlockedByPins,
  isStuck,
  isWatched,
  nextMove,
} from './status.ts';
import type { PlannedMove, StatusProps } from './status.ts';

type Answer = readonly [value: ComponentChildren, note?: ComponentChildren];

/** What everybody asks first, in the same place whatever the state: is it balanced, what moves, what is next, how long, how to stop it or let it go on. */
export function Summary({ status }: StatusProps): JSX.Element {
  const facts: NamedFact[] = status.leader.leads
    ? [
        ['Balance', ...balanceOf(status)],
        ['Now', ...nowOf(status)],
        ['Next', ...nextOf(status)],
        ['Time left', ...timeLeft(status)],
        wayOut(status),
      ]
    : [
        ['Balance', ...balanceOf(status)],
        ['Now, next, time left', <LeaderLink key="link" status={status} />, 'Not known on this page'],
        ['To stop', "On the leader's page", 'Pause, Trigger and Drain are off here'],
      ];
  return <FactList facts={facts} />;
}

/** A standby cannot do anything: the leader's page can. Its identity is the host name where it runs. */
function LeaderLink({ status: { leader } }: StatusProps): JSX.Element {
  const { holder } = leader;
  if (holder === null) return <>No leader is known</>;
  if (!/^[\w.-]+(:\d+)?$/.test(holder)) return <>On the page of {holder}</>;
  const port = holder.includes(':') || location.port === '' ? '' : `:${location.port}`;
  return <a href={`${location.protocol}//${holder}${port}/`}>Open the leader's page</a>;
}

/** In whole regions; more is a table or a cluster that is uneven. */
const EVEN_SKEW = 1;

function balanceOf(status: StatusView): Answer {
  const { balance, snapshot, verdict, load } = status;
  if (!balance || !snapshot) return ['Not known yet'];
  if (snapshot.regions === 0) return ['No regions'];
  const isRestEven = !load && Math.max(balance.now.tableSkewMax, balance.now.nodeSkew) <= EVEN_SKEW;
  const note = load ? loadText(status, load) : countText(status, balance);
  // What drains is told by the headline.
  const uneven = isRestEven && drainingOf(status).length > 0 ? 'The others are balanced' : 'Unbalanced';
  const even = verdict.code === 'attention' ? 'The rest is balanced' : 'Balanced';
  const word = balance.now.isEven ? even : uneven;
  if (verdict.code !== 'lost-contact') return [word, note];
  return ['Not known', `When last read: ${word.toLowerCase()}, ${note}`];
}

/** `0 to 58 regions per datanode, 44 after the plan` */
function countText(status: StatusView, { now, after }: NonNullable<StatusView['balance']>): string {
  const counted = status.datanodes.filter(({ state }) => countsForSkew(state));
  if (counted.length === 0) return 'No datanode may lead regions';
  const range = (part: 'regions' | 'regionsAfter'): string => {
    const counts = counted.map((node) => node[part]);
    const [least, most] = [Math.min(...counts), Math.max(...counts)];
    return least === most ? formatCount(least) : `${formatCount(least)} to ${formatCount(most)}`;
  };
  const [before, planned] = [range('regions'), range('regionsAfter')];
  const each = drainingOf(status).length > 0 ? 'on each of the other datanodes' : 'per datanode';
  const tables =
    now.nodeSkew <= EVEN_SKEW && now.tableSkewMax > EVEN_SKEW ? ', but tables are uneven among them' : '';
  // The plan of a standby is not used.
  const isSame = planned === before || !status.leader.leads;
  const change = isSame ? '' : `, ${planned} after the plan`;
  return `${before} ${before === '1' ? 'region' : 'regions'} ${each}${hasWeights(counted) ? ', by weight' : ''}${tables}${change}${restText(status, after)}`;
}

/** `Datanode 1: 63 % above the mean load, none above 28 % after the plan, still unbalanced` */
function loadText(status: StatusView, { mean }: NonNullable<StatusView['load']>): string {
  const { datanodes, balance } = status;
  const carries = ({ load, weight }: StatusView['datanodes'][number]): number => (load ?? 0) / weight;
  const fullest = datanodes.toSorted((a, b) => carries(b) - carries(a))[0];
  const [now, after] = [highestAbove(datanodes, 'load', mean), highestAbove(datanodes, 'loadAfter', mean)];
  const change = now === after ? '' : `, none above ${formatCount(after)} % after the plan`;
  return `Datanode ${fullest?.id ?? '–'}: ${formatCount(now)} % above the mean load${change}${restText(status, balance?.after)}`;
}

function restText({ queue }: StatusView, after: { readonly isEven: boolean } | undefined): string {
  return queue.length > 0 && after?.isEven === false ? ', still unbalanced then' : '';
}

/** `cpu 1 → 4` */
function MoveName({ move }: { readonly move: Omit<PlannedMove, 'seq' | 'detail'> }): JSX.Element {
  return (
    <>
      {shortTable(move.table)} <Route from={move.from} to={move.to} />
    </>
  );
}

function nowOf(status: StatusView): Answer {
  const { currentMove, cycle, paused, dryRun, verdict, queue, snapshot } = status;
  const move = currentMove?.move ?? nextMove(status);
  const name = move && <MoveName move={move} />;
  if (verdict.code === 'lost-contact')
    return [
      'Not known',
      name ?? (snapshot ? 'No migration ran when last read' : 'Nothing could be read yet'),
    ];
  if (currentMove)
    return [
      name,
      paused
        ? 'Finishes, no other starts'
        : `A region, from datanode ${currentMove.move.from} to ${currentMove.move.to}`,
    ];
  if (move) return [name, 'Starts in a moment'];
  if (paused) return ['Nothing', 'Paused'];
  if (dryRun) return ['Nothing', 'The dry run only plans'];
  if (cycle) return ['Nothing', 'The cluster is read, the plan is made'];
  if (queue.length > 0) return ['Nothing', isStuck(status) ? 'Held back' : 'Waits for the next cycle'];
  if (isWatched(status)) return ['Nothing', 'No move is planned yet'];
  return ['Nothing', isBlocked(status) ? 'No move is possible' : 'Nothing to move'];
}

/** Whether it is uneven, and no move may mend that. */
function isBlocked(status: StatusView): boolean {
  return status.balance?.now.isEven === false && isStuck(status);
}

function nextOf(status: StatusView): Answer {
  const { queue, paused, verdict, dryRun, nextTickAt, cycle, quarantineEndsAt, currentMove, loadPlanAt } =
    status;
  const isOneStarting = Number(nextMove(status) !== undefined);
  const first = queue.next[isOneStarting];
  const others = queue.length - isOneStarting - 1;
  const more = others > 0 ? `, then ${formatCount(others)} more` : '';
  const name = first && <MoveName move={first} />;
  const cycleTime = nextTickAt === null ? 'None is scheduled' : <Ahead at={nextTickAt} />;
  if (verdict.code === 'lost-contact') return ['Another attempt to read', cycleTime];
  if (paused?.until) return ['The pause ends', <Then key="end" at={paused.until} moves={queue.length} />];
  if (paused) return [name ?? 'Nothing', `After Resume${name ? more : ''}`];
  if (isWatched(status)) {
    if (loadPlanAt === null) return ['Loads are read again', cycleTime];
    return ['A first plan', <>By {<Ahead at={loadPlanAt} />}, if still uneven</>];
  }
  if (dryRun) return ['Plans again', cycleTime];
  if (!name && quarantineEndsAt !== null && isBlocked(status))
    return ['Moves are tried again', <>When a quarantine ends: {<Ahead at={quarantineEndsAt} />}</>];
  if (currentMove && !name) return ['Nothing', 'It is the last move'];
  if (!name && isBlocked(status)) return ['Nothing', <>Checked again {cycleTime}</>];
  if (!name) return ['Another check', cycleTime];
  if (cycle) return [name, others > 0 ? `Then ${formatCount(others)} more` : 'It is the last move'];
  if (isStuck(status)) return [name, `Once it may move${more}`];
  return [
    name,
    <>
      Next cycle: {cycleTime}
      {more}
    </>,
  ];
}

function Then({ at, moves }: { readonly at: string; readonly moves: number }): JSX.Element {
  return (
    <>
      <Ahead at={at} />
      {moves > 0 && `, then ${plural(moves, 'move')}`}
    </>
  );
}

/** How long the remaining moves take; while nothing may be moved, how long they would. */
function timeLeft(status: StatusView): Answer {
  const { progress, paused, dryRun, verdict, gates, quarantineEndsAt } = status;
  const { done, failed, remaining, etaSeconds, expectedSeconds } = progress;
  if (verdict.code === 'lost-contact') return ['Not known', 'Until GreptimeDB answers'];
  if (isWatched(status)) return [dryRun ? 'No end in the dry run' : 'Not known yet', 'No plan yet'];
  if (remaining === 0 && !isBlocked(status)) return ['None', 'Nothing is to be moved'];
  if (remaining === 0 && quarantineEndsAt !== null)
    return ['Not known', 'Depends on whether the next migrations succeed'];
  if (remaining === 0) return ['No end by itself', 'What blocks it has to be changed'];
  const isOutside = gates.some(({ code }) => code === 'outside-window');
  if (!paused && etaSeconds !== null)
    return [`About ${formatEstimate(etaSeconds * 1_000)}`, isOutside ? 'With the wait for the window' : ''];
  const time = expectedSeconds === null ? undefined : formatEstimate(expectedSeconds * 1_000);
  const first = `after the first ${done + failed > 0 ? 'successful ' : ''}move`;
  if (paused?.until === null)
    return ['No end before Resume', time ? `Then about ${time}` : `Then known ${first}`];
  if (dryRun)
    return [
      'No end in the dry run',
      time ? `The moves would take about ${time}` : 'No move has been timed yet',
    ];
  if (!time) return ['Not known yet', `Known ${first}`];
  return [`About ${time} ${paused ? 'after the pause' : 'once it may move'}`];
}

function firstSentence(text: string): string {
  return /^.*?\.(?= |$)/.exec(text)?.[0] ?? text;
}

/** How to stop what moves, or to let go on what does not. */
function wayOut(status: StatusView): NamedFact {
  const { verdict, paused, dryRun, quarantineEndsAt, gates, currentMove, cycle, queue, balance, datanodes } =
    status;
  if (verdict.code === 'lost-contact')
    return [
      'To go on',
      'GreptimeDB has to answer',
      paused || dryRun ? '' : 'Then moves start again by themselves',
    ];
  // After an automatic pause there is something to look at first.
  if (paused && verdict.code === 'paused' && verdict.detail !== null)
    return ['To go on', 'Find the cause, then Resume', `${firstSentence(verdict.detail)} See below.`];
  if (paused)
    return [
      'To go on',
      'Press Resume',
      paused.until === null ? 'The pause does not end by itself' : 'Ends the pause early',
    ];
  const isNoneLeft = isBlocked(status) && queue.length === 0 && !isWatched(status);
  if (dryRun && !isNoneLeft)
    return ['To let it move', 'execution.dryRun: false', 'In the configuration, see below'];
  const resting = datanodes.flatMap(({ id, state }) => (state === 'quarantined' ? [id] : []));
  const isHeld = verdict.code === 'blocked' || verdict.code === 'attention';
  if (hasNoWay(status) && quarantineEndsAt !== null)
    return [
      'To go on',
      `Check ${resting.length > 0 ? nameDatanodes(resting) : 'the failures'}, then Release`,
      resting.length > 1 ? 'Below: one datanode lets moves start, all let it balance' : 'See below',
    ];
  if (isHeld && !isWatched(status)) {
    const costly = costlyOf(status);
    const where = costly.length + gates.length > 0 ? 'See below' : 'See above';
    if (balance?.now.isEven === true && costly.length === 0) return ['To mend it', 'Read the warning', where];
    return ['To go on', isBlockedByPins(status) ? 'Unpin regions' : 'Change what blocks it', where];
  }
  const isIdle = !currentMove && !cycle && queue.length === 0;
  const current = currentMove ? 'The current migration finishes' : 'No migration starts then';
  return [
    isIdle ? 'To prevent moves' : 'To stop',
    'Press Pause',
    drainingOf(status).length > 0 ? `${current}, the drain waits` : current,
  ];
}
