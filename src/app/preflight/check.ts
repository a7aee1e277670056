import type { ClusterIdentity } from '../../domain/snapshot.ts';
import type { MigrationTrial } from './migration-trial.ts';
import { describeError, isAbort, OperatingError } from '../../domain/errors.ts';

/** What a check is about. */
export type CheckName =
  | 'endpoint'
  | 'clock'
  | 'cluster'
  | 'feature'
  | 'rights'
  | 'datanodes'
  | 'selection'
  | 'gates'
  | 'state'
  | 'migration';

export type Verdict = 'pass' | 'warn' | 'fail';

/** One thing that was looked at. */
export interface Check {
  readonly check: CheckName;
  readonly verdict: Verdict;
  /** One sentence: what was found. */
  readonly detail: string;
  /** What to do. */
  readonly advice?: string;
}

export interface PreflightReport {
  readonly formatVersion: 1;
  /** The worst of the checks. */
  readonly verdict: Verdict;
  /** Absent when no cluster could be opened. */
  readonly cluster?: ClusterIdentity;
  readonly checks: readonly Check[];
  /** What a trial showed, where one was asked for and could be made. */
  readonly migration?: MigrationTrial;
}

export function worstOf(checks: readonly Pick<Check, 'verdict'>[]): Verdict {
  const has = (verdict: Verdict): boolean => checks.some((check) => check.verdict === verdict);
  return has('fail') ? 'fail' : has('warn') ? 'warn' : 'pass';
}

export function check(name: CheckName, verdict: Verdict, detail: string, advice?: string): Check {
  return { check: name, verdict, detail, ...(advice !== undefined && { advice }) };
}

/**
 * Makes a part of the checks. One that cannot be made is a check that failed, and does not hide the others.
 *
 * @param failed in place of what the error says.
 * @returns undefined when the part could not be made; `checks` then says why.
 */
export async function attempt<T>(
  checks: Check[],
  name: CheckName,
  work: () => Promise<T> | T,
  failed?: Check,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OperatingError) || isAbort(error)) throw error;
    checks.push(failed ?? check(name, 'fail', describeError(error), adviceFor(error)));
    return undefined;
  }
}

const ADVICE: Readonly<Record<string, string>> = {
  'access-denied': 'Check cluster.sql.username and the file cluster.sql.passwordFile.',
  'cluster-unreachable':
    'Check host and port, that the server runs, and what lies between (firewall, network policy, proxy).',
  'cluster-timeout': 'Look at the load of the server and at the way there, or raise cluster.requestTimeout.',
  'cluster-answer':
    'Check the port: a frontend answers SQL on its HTTP port (4000), metasrv on 3002 (or 4000 from 0.15.5 on).',
  'cluster-error':
    'Look at the log of the server; a frontend says such things while metasrv does not answer.',
};

/** What an operator can do about a failed request. */
export function adviceFor(error: OperatingError): string | undefined {
  const text = describeError(error);
  if (error.code === 'access-denied' && /not authorized|permission denied/i.test(text))
    return 'Configure a user that may write (docs/security.md).';
  if (error.code !== 'access-denied' && /certificate|self.signed|unable to verify|altname/i.test(text))
    return 'Check tls.caFile, and that the certificate has the name of the endpoint.';
  if (error.code !== 'access-denied' && /\bssl\b|\btls\b|wrong version number|EPROTO/i.test(text))
    return 'Check whether the endpoint speaks https, and whether it wants a client certificate (tls.certFile).';
  return ADVICE[error.code];
}
