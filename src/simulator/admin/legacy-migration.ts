import { respond } from '../serve/http.ts';
import type { SimResponse } from '../serve/http.ts';
import { MetaError, unexpected } from '../procedures/errors.ts';
import { submitMigration } from '../procedures/submit.ts';
import type { SubmissionResult } from '../procedures/submit.ts';
import { parseHumanTime } from '../cluster/time.ts';
import { invalidNumber, missing } from './admin-call.ts';
import type { AdminCall, Parameters } from './admin-call.ts';

const DEFAULT_REPLAY_MS = 1_000;
const U64_MAX = (1n << 64n) - 1n;

/** `/admin/region-migration`: numbers, presence, duration, leadership, then the checks of every submission. */
export function legacyMigration(call: AdminCall): SimResponse {
  const { core, request, parameters } = call;
  const wanted = {
    regionId: parameters.get('region_id') ?? '',
    from: parameters.get('from_peer_id') ?? '',
    to: parameters.get('to_peer_id') ?? '',
  };
  const entry = {
    kind: 'mutating-request',
    target: request.target,
    operation: 'migrate-region',
    detail: request.query ?? '',
    ...wanted,
  } as const;
  try {
    const result = submit(call);
    if (result.kind === 'already-there') {
      core.journal.record({ ...entry, verdict: 'already-there' });
      return respond(200, '{"procedure_id":null}');
    }
    core.journal.record({ ...entry, verdict: 'accepted', procedureId: result.procedureId });
    return respond(200, `{"procedure_id":"${result.procedureId}"}`);
  } catch (error) {
    if (error instanceof MetaError)
      core.journal.record({ ...entry, verdict: 'refused', message: error.message });
    throw error;
  }
}

function submit({ core, metasrv, parameters }: AdminCall): SubmissionResult {
  const clusterId = u64(parameters, 'cluster_id') ?? 0n;
  const numbers = ['region_id', 'from_peer_id', 'to_peer_id'].map(
    (name) => [name, u64(parameters, name)] as const,
  );
  const [regionKey, from, to] = numbers.map(([name, value]) => value ?? missing(name));
  const budgetMs = replayTimeoutMs(core.profile.admin.legacy?.replayTimeout ?? false, parameters);
  if (core.meta.leader !== metasrv)
    throw unexpected('Trying to submit a region migration procedure to non-leader meta server');
  if (clusterId !== 0n) throw new MetaError('Internal', `The target peer is unavailable temporally: ${from}`);
  return submitMigration(core, { regionKey: regionKey!, from: String(from), to: String(to), budgetMs });
}

function u64(parameters: Parameters, name: string): bigint | undefined {
  const text = parameters.get(name);
  if (text === undefined) return undefined;
  const value = /^\+?\d{1,20}$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
  return value === undefined || value > U64_MAX ? invalidNumber(`invalid ${name}`, text) : value;
}

function replayTimeoutMs(isKnown: boolean, parameters: Parameters): number {
  const text = parameters.get('replay_timeout');
  if (!isKnown || text === undefined) return DEFAULT_REPLAY_MS;
  const durationMs = parseHumanTime(text);
  if (durationMs === undefined) throw new MetaError('InvalidArguments', `Failed to parse duration ${text}`);
  return durationMs;
}
