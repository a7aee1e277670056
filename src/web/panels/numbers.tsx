import type { ComponentChildren, JSX } from 'preact';
import { highestAbove, loadTexts } from '../../domain/load-text.ts';
import type { StatusView } from '../../server/api/answers.ts';
import { FactList } from '../controls/fact-list.tsx';
import type { NamedFact } from '../controls/fact-list.tsx';
import { Ago } from '../controls/time.tsx';
import { loadScopeText, skewScopeText } from '../datanodes/left-out.ts';
import { formatCount, plural } from '../format.ts';
import { usePageState } from '../page/page.ts';
import { hasWeights } from './status.ts';

/** The numbers behind the verdict. */
export function Numbers(): JSX.Element | null {
  const status = usePageState((state) => state.status);
  if (!status) return null;
  const { snapshot, lastCycle, cycle, load } = status;
  const facts: readonly NamedFact[] = [
    ...(load ? [loadImbalance(status, load)] : []),
    skew(
      status,
      'tableSkewMax',
      'Table skew',
      'the most uneven table: most minus least regions of a datanode',
    ),
    ...(load
      ? []
      : [skew(status, 'nodeSkew', 'Datanode skew', 'all tables: most minus least regions of a datanode')]),
    [movesName(status), ...movesLeft(status)],
    [
      'Regions',
      snapshot ? formatCount(snapshot.regions) : '–',
      snapshot && `${plural(snapshot.tables, 'table')} on ${plural(snapshot.datanodes, 'datanode')}`,
    ],
    ...(lastCycle && !cycle && status.leader.leads
      ? [['Last cycle', <Ago key="ago" at={lastCycle.endedAt} />, cycleText(lastCycle)] as const]
      : []),
  ];
  return (
    <section class="card numbers" aria-label="Numbers">
      <FactList facts={facts} />
    </section>
  );
}

function skew(
  { balance, datanodes, leader }: StatusView,
  part: 'tableSkewMax' | 'nodeSkew',
  name: string,
  note: string,
): NamedFact {
  return [
    name,
    balance
      ? change(formatCount(balance.now[part]), formatCount(balance[leader.leads ? 'after' : 'now'][part]))
      : '–',
    withScope(withScope(note, hasWeights(datanodes) ? 'divided by weight' : ''), skewScopeText(datanodes)),
  ];
}

function withScope(note: string, scope: string): string {
  return scope === '' ? note : `${note}, ${scope}`;
}

/** Now, and after the plan where that is another number. */
function change(now: string, after: string): ComponentChildren {
  if (now === after) return now;
  return (
    <>
      {now} → {after} <small class="dim">after the plan</small>
    </>
  );
}

/** How far the fullest datanode is above the mean, each load divided by weight. */
function loadImbalance({ datanodes }: StatusView, load: NonNullable<StatusView['load']>): NamedFact {
  const { by, mean, low, high, trigger } = load;
  const { number, whole } = loadTexts(by, mean);
  const above = (part: 'load' | 'loadAfter'): string =>
    `${formatCount(highestAbove(datanodes, part, mean))} %`;
  return [
    'Load imbalance',
    change(above('load'), above('loadAfter')),
    withScope(
      `fullest datanode above the mean of ${whole(mean)}; even: ${number(low)} to ${whole(high)}${trigger === undefined ? '' : `, moves begin above ${whole(trigger)}`}`,
      loadScopeText(datanodes),
    ),
  ];
}

const NO_MOVE: ReadonlySet<string> = new Set(['blocked', 'attention']);

function movesName({ leader, dryRun }: StatusView): string {
  if (!leader.leads) return "Moves in this replica's plan";
  return dryRun ? 'Moves planned' : 'Moves left';
}

/** Of the plan as it stands. */
function movesLeft({
  plan,
  progress,
  verdict,
  load,
  leader,
}: StatusView): readonly [ComponentChildren, string?] {
  if (!plan) return ['–'];
  if (!leader.leads)
    return [<span class="dim">{formatCount(progress.remaining)}</span>, 'the leader moves by its own plan'];
  // Not the 0 of a balanced cluster.
  if (progress.remaining === 0 && load?.state === 'waiting') return ['–', 'none is planned yet'];
  if (progress.remaining === 0 && NO_MOVE.has(verdict.code)) return ['–', 'no move is possible now'];
  if (progress.remaining === 0) return ['0', 'nothing to move'];
  const proof = plan.optimal
    ? 'the fewest possible'
    : `at most ${formatCount(plan.moves - plan.minimumMoves)} more than needed`;
  return [formatCount(progress.remaining), verdict.code === 'lost-contact' ? 'when last read' : proof];
}

/** What it did, in words that need no glossary. */
function cycleText({ outcome, moved }: NonNullable<StatusView['lastCycle']>): string {
  if (moved > 0) return `made ${plural(moved, 'move')}`;
  return outcome === 'failed' ? 'failed' : 'moved nothing';
}
