import { describeError } from '../../domain/errors.ts';
import type { EndpointReading } from '../../greptimedb/endpoints.ts';
import { formatDuration } from '../../lib/duration.ts';
import { adviceFor, check } from './check.ts';
import type { Check } from './check.ts';

/** From here on time stamps in logs and events no longer fit together. */
const NOTABLE_SKEW_MS = 5_000;

const SERVER = { sql: 'Frontend', metasrv: 'Metasrv' } as const;

/** One check for each server, and one for all clocks. */
export function endpointChecks(
  readings: readonly EndpointReading[],
  user: string | undefined,
  toleratedSkewMs: number,
): readonly Check[] {
  return [
    ...readings.map((reading) => endpointCheck(reading, user)),
    ...clockChecks(readings, toleratedSkewMs),
  ];
}

function endpointCheck(
  { list, endpoint, roundTripMs, error }: EndpointReading,
  user: string | undefined,
): Check {
  if (error) {
    const detail = `${SERVER[list]} ${endpoint}: ${withoutRequest(describeError(error))}`;
    return check('endpoint', 'fail', detail, adviceFor(error));
  }
  const tls = endpoint.startsWith('https:') ? ' over TLS' : '';
  const login = list === 'sql' && user !== undefined ? ` and takes the login of ${JSON.stringify(user)}` : '';
  const duration = formatDuration(Math.ceil(roundTripMs));
  return check('endpoint', 'pass', `${SERVER[list]} ${endpoint} answers${tls} in ${duration}${login}.`);
}

/** What was asked is known, the address was just named, and OpenSSL tells where in its own sources an error arose. */
function withoutRequest(text: string): string {
  return text
    .replace(/^(?:POST|GET) \S+(?: \(SELECT now\(\)\))?: /, '')
    .replace(/[0-9A-F]{8,}:error:[0-9A-F]+:/, '')
    .replace(/:\.\.\/deps\/\S*/, '')
    .trim();
}

function clockChecks(readings: readonly EndpointReading[], toleratedSkewMs: number): readonly Check[] {
  const told = readings.flatMap(({ clock, ...reading }) => (clock ? [{ ...reading, clock }] : []));
  if (told.length === 0) return [];
  // What lies within the error of the measurement is no difference.
  const certainMs = ({ clock }: (typeof told)[number]): number =>
    Math.max(0, Math.abs(clock.aheadMs) - clock.withinMs);
  const off = told.filter((reading) => certainMs(reading) > NOTABLE_SKEW_MS);
  const widest = Math.max(...told.map(({ clock }) => clock.withinMs + Math.abs(clock.aheadMs)));
  if (off.length === 0)
    return [check('clock', 'pass', `The servers' clocks are within ${formatDuration(widest)} of ours.`)];
  return off.map((reading) => {
    const { aheadMs } = reading.clock;
    const difference = `${formatDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} ours`;
    const verdict = certainMs(reading) > toleratedSkewMs ? 'fail' : 'warn';
    const advice = 'Synchronise the clocks of all machines (NTP).';
    return check('clock', verdict, `The clock of ${reading.endpoint} is ${difference}.`, advice);
  });
}
