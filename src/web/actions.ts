import { ApiError, post } from './api.ts';
import type { Plan } from '../domain/plan.ts';

const NAME_KEY = 'greptime-rebalancer.name';

/** Who the daemon shall write into its history. */
export function readName(): string {
  return localStorage.getItem(NAME_KEY) ?? '';
}

export function keepName(name: string): void {
  localStorage.setItem(NAME_KEY, name);
}

function by(): { by: string } {
  const name = readName();
  return { by: name === '' ? 'web page' : name };
}

export interface DrainPreview {
  readonly draining: readonly string[];
  readonly plan: Plan | null;
}

export const actions = {
  pause: (duration: string, reason: string): Promise<unknown> =>
    post('/api/v1/pause', { ...(duration !== '' && { for: duration }), reason, ...by() }),
  resume: (): Promise<unknown> => post('/api/v1/resume', by()),
  trigger: (): Promise<{ cycleId: string }> => post('/api/v1/trigger', by()),
  drain: (datanodes: readonly string[], dryRun: boolean): Promise<DrainPreview> =>
    post('/api/v1/drain', { datanodes, dryRun, ...by() }),
  undrain: (datanode: string): Promise<unknown> =>
    post('/api/v1/undrain', { datanodes: [datanode], ...by() }),
  release: (regionId: string): Promise<unknown> => post('/api/v1/quarantine/release', { regionId, ...by() }),
};

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'Something went wrong.';
}

export function needsToken(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}
