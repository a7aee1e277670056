import { formatDuration } from '../../lib/duration.ts';
import { count, formatNumber } from '../../lib/number.ts';
import { check } from './check.ts';
import type { Check } from './check.ts';
import type { MigrationTrial } from './migration-trial.ts';

/** Clients retry for longer than this. */
const LONG_REFUSAL_MS = 10_000;
const ADVICE_ON_LOSS =
  'Let nothing be moved here: the datanodes do not share their storage, or regions are not flushed before they move (README, "What your cluster needs").';

/** The trial in one check for each thing that it shows. */
export function migrationChecks({ moves, writes, rowsLost, left }: MigrationTrial): readonly Check[] {
  const failed = moves.find(({ outcome }) => outcome !== 'succeeded');
  const [there, back] = moves;
  const { acknowledged, refused, unanswered, longestGapMs, longestRefusalMs } = writes;
  const written = count(refused + unanswered + acknowledged, 'write');
  const open = unanswered === 0 ? '' : `, and ${formatNumber(unanswered)} not answered`;
  const isLong = longestRefusalMs > LONG_REFUSAL_MS;
  const rows = count(acknowledged, 'acknowledged row');
  return [
    failed || !there || !back
      ? check(
          'migration',
          'fail',
          failed
            ? `Region ${failed.regionId} did not get from datanode ${failed.from} to ${failed.to} (${failed.outcome}): ${failed.detail ?? 'no reason was told'}`
            : 'No region was moved.',
          'Look at the logs of metasrv and of both datanodes.',
        )
      : check(
          'migration',
          'pass',
          `Region ${there.regionId} went from datanode ${there.from} to ${there.to} in ${formatDuration(there.durationMs)}, and back in ${formatDuration(back.durationMs)}.`,
        ),
    rowsLost === 0
      ? check('migration', 'pass', `None of ${rows} was lost.`)
      : check(
          'migration',
          'fail',
          `${count(rowsLost, 'row')} of ${rows} ${rowsLost === 1 ? 'is' : 'are'} LOST.`,
          ADVICE_ON_LOSS,
        ),
    check(
      'migration',
      isLong ? 'warn' : 'pass',
      `${formatNumber(refused)} of ${written} ${refused === 1 ? 'was' : 'were'} refused${open}; a region took none for ${formatDuration(longestRefusalMs)} at most, and the table for ${formatDuration(longestGapMs)}.`,
      isLong ? 'Clients must be able to wait that long, and retry.' : undefined,
    ),
    ...(left === undefined ? [] : [check('migration', 'warn', left)]),
  ];
}
