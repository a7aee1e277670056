import type { RefusalCode, SubmitResult } from './port.ts';

type Recognised =
  { readonly kind: 'already-there' } | { readonly kind: 'refused'; readonly code: RefusalCode };

/**
 * What metasrv says when it does not start a migration, in parts of its sentences: versions wrap them differently (GreptimeDB
 * src/meta-srv/src/error.rs and procedure/region_migration/manager.rs, 0.5.1 to 1.3). The order matters where one sentence
 * contains a part of another.
 */
const TEXTS: readonly (readonly [RegExp, Recognised])[] = [
  [/procedure is completed for region/i, { kind: 'already-there' }],
  // 0.9.3 to 0.14 put the null that means "already there" into a column that takes none.
  [/non-nullable|contains null values|create datafusion record batch/i, { kind: 'already-there' }],
  [/target peer is unavailable/i, refused('peer-unavailable')],
  [/Another migration procedure is running/i, refused('already-running')],
  [/non-leader meta server/i, refused('not-leader')],
  [/can't equal `?to_peer_id/i, refused('invalid')],
  [/on the logical table/i, refused('logical-table')],
  [/Failed to find table route for/i, refused('region-gone')],
  [/Table info not found/i, refused('region-gone')],
  [/has a region follower/i, refused('follower-on-target')],
  [
    /Invalid region migration `?from_peer|leader peer changed|is not the `?from_peer|leader peer is not found/i,
    refused('leader-changed'),
  ],
  [
    /Failed to parse (?:number|duration|bool)|Missing required parameter|Table metadata manager error/i,
    refused('invalid'),
  ],
];

function refused(code: RefusalCode): Recognised {
  return { kind: 'refused', code };
}

/** @returns undefined when the text is none of those that tell for certain that nothing was started. */
export function recogniseRefusal(
  text: string,
  message: string,
): Extract<SubmitResult, { kind: 'already-there' | 'refused' }> | undefined {
  for (const [pattern, result] of TEXTS) {
    if (!pattern.test(text)) continue;
    return result.kind === 'refused' ? { ...result, message } : result;
  }
  return undefined;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The canonical form of a procedure id, or undefined when it is none. */
export function procedureIdOf(value: unknown): string | undefined {
  return typeof value === 'string' && UUID.test(value.trim()) ? value.trim().toLowerCase() : undefined;
}
