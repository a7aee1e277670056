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

/** What came of a part of the checks. */
export type Attempt<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly checks: readonly Check[] };

/** Runs a part of the checks: one that cannot be made is a check that failed, and does not hide the others. */
export async function attempt<T>(check: CheckName, work: () => Promise<T> | T): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (!(error instanceof OperatingError) || isAbort(error)) throw error;
    const advice = adviceFor(error);
    return {
      ok: false,
      checks: [{ check, verdict: 'fail', detail: describeError(error), ...(advice && { advice }) }],
    };
  }
}

/** The checks that the work made, or the one that says why it made none. */
export async function checked(
  check: CheckName,
  work: () => Promise<readonly Check[]> | readonly Check[],
): Promise<readonly Check[]> {
  const made = await attempt(check, work);
  return made.ok ? made.value : made.checks;
}

/** What an operator can do about a failed request. */
export function adviceFor(error: OperatingError): string | undefined {
  const text = describeError(error);
  if (error.code === 'access-denied' && /not authorized|permission denied/i.test(text))
    return 'Configure a user that may write (docs/security.md).';
  if (error.code === 'access-denied')
    return 'Check cluster.sql.username and the file cluster.sql.passwordFile.';
  if (/certificate|self.signed|unable to verify|altname/i.test(text))
    return 'Check tls.caFile, and that the certificate has the name of the endpoint.';
  if (/\bssl\b|\btls\b|wrong version number|EPROTO/i.test(text))
    return 'Check whether the endpoint speaks https, and whether it wants a client certificate (tls.certFile).';
  switch (error.code) {
    case 'cluster-unreachable':
      return 'Check host and port, that the server runs, and what lies between (firewall, network policy, proxy).';
    case 'cluster-timeout':
      return 'Look at the load of the server and at the way there, or raise cluster.requestTimeout.';
    case 'cluster-answer':
      return 'Check the port: a frontend answers SQL on its HTTP port (4000), metasrv on 3002 (or 4000 from 0.15.5 on).';
    case 'cluster-error':
      return 'Look at the log of the server; a frontend says such things while metasrv does not answer.';
    default:
      return undefined;
  }
}
