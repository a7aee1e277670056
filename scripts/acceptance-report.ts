import { formatDuration } from '../src/lib/duration.ts';
import { count, formatNumber } from '../src/lib/number.ts';
import type { AcceptanceFigures } from './acceptance-run.ts';

export function isAccepted({ rowsLost, balanced }: AcceptanceFigures): boolean {
  return rowsLost === 0 && balanced;
}

/** The verdict, one figure a line. */
export function* describeFigures(figures: AcceptanceFigures): Generator<string, void, undefined> {
  const { writes, rowsLost, migrations, meanMigrationMs, drains, strikes, balanced, left } = figures;
  const { acknowledged, refused, unanswered, longestGapMs, longestRefusalMs } = writes;
  const written = acknowledged + refused + unanswered;
  const share = written === 0 ? 0 : (100 * (refused + unanswered)) / written;
  const ends = Object.entries(migrations).map(([end, times]) => `${formatNumber(times)} ${end}`);
  yield `${isAccepted(figures) ? 'accepted' : 'NOT ACCEPTED'}: ${formatNumber(rowsLost)} of ${count(acknowledged, 'acknowledged row')} lost`;
  yield `writes refused             ${formatNumber(refused)} of ${formatNumber(written)}, and ${formatNumber(unanswered)} not answered (${formatNumber(share)} %)`;
  yield `longest without any write  ${formatDuration(longestGapMs)}; of one region ${formatDuration(longestRefusalMs)}`;
  yield `migrations                 ${ends.length === 0 ? 'none' : ends.join(', ')}`;
  yield `a migration takes          ${meanMigrationMs === undefined ? 'unknown' : formatDuration(meanMigrationMs)}`;
  yield `datanodes emptied          ${formatNumber(drains)}`;
  yield `nemesis                    ${count(strikes, 'strike')}`;
  yield `balanced at the end        ${balanced ? 'yes' : 'NO'}`;
  if (left !== undefined) yield left;
}
