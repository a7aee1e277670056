import { formatDuration } from '../../lib/duration.ts';
import { count, formatNumber } from '../../lib/number.ts';
import type { Check } from './check.ts';
import type { MigrationTrial } from './migration-trial.ts';

/** Clients retry for longer than this. */
const LONG_REFUSAL_MS = 10_000;
const ADVICE_ON_LOSS =
  'Let nothing be moved here: the datanodes do not share their storage, or regions are not flushed before they move (README, "What your cluster needs").';

/** The trial in one check for each thing that it shows. */
export function migrationChecks({ moves, writes, rowsLost, left }: MigrationTrial): readonly Check[] {
  const check = 'migration';
  const failed = moves.find(({ outcome }) => outcome !== 'succeeded');
  const [there, back] = moves;
  const { acknowledged, refused, unanswered, longestGapMs, longestRefusalMs } = writes;
  const written = count(refused + unanswered + acknowledged, 'write');
  const open = unanswered === 0 ? '' : `, and ${formatNumber(unanswered)} not answered`;
  return [
    failed || !there || !back
      ? {
          check,
          verdict: 'fail',
          detail: failed
            ? `Region ${failed.regionId} did not get from datanode ${failed.from} to ${failed.to} (${failed.outcome}): ${failed.detail ?? 'no reason was told'}`
            : 'No region was moved.',
          advice: 'Look at the logs of metasrv and of both datanodes.',
        }
      : {
          check,
          verdict: 'pass',
          detail: `Region ${there.regionId} went from datanode ${there.from} to ${there.to} in ${formatDuration(there.durationMs)}, and back in ${formatDuration(back.durationMs)}.`,
        },
    rowsLost === 0
      ? { check, verdict: 'pass', detail: `None of ${count(acknowledged, 'acknowledged row')} was lost.` }
      : {
          check,
          verdict: 'fail',
          detail: `${count(rowsLost, 'row')} of ${count(acknowledged, 'acknowledged row')} ${rowsLost === 1 ? 'is' : 'are'} LOST.`,
          advice: ADVICE_ON_LOSS,
        },
    {
      check,
      verdict: longestRefusalMs > LONG_REFUSAL_MS ? 'warn' : 'pass',
      detail: `${formatNumber(refused)} of ${written} ${refused === 1 ? 'was' : 'were'} refused${open}; a region took none for ${formatDuration(longestRefusalMs)} at most, and the table for ${formatDuration(longestGapMs)}.`,
      ...(longestRefusalMs > LONG_REFUSAL_MS && {
        advice: 'Clients must be able to wait that long, and retry.',
      }),
    },
    ...(left === undefined ? [] : [{ check, verdict: 'warn', detail: left } as const]),
  ];
}
