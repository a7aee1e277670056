import type { z } from 'zod';
import type { drainAnswerSchema } from '../../server/api/answers.ts';
import { post } from './client.ts';

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

export type DrainAnswer = z.infer<typeof drainAnswerSchema>;

export const actions = {
  pause: (duration: string, reason: string): Promise<unknown> =>
    post('/api/v1/pause', { ...(duration !== '' && { for: duration }), reason, ...by() }),
  resume: (): Promise<unknown> => post('/api/v1/resume', by()),
  trigger: (): Promise<unknown> => post('/api/v1/trigger', by()),
  drain: (datanodes: readonly string[], dryRun: boolean): Promise<DrainAnswer> =>
    post('/api/v1/drain', { datanodes, dryRun, ...by() }),
  undrain: (datanode: string): Promise<unknown> =>
    post('/api/v1/undrain', { datanodes: [datanode], ...by() }),
  cordon: (datanode: string): Promise<unknown> => post('/api/v1/cordon', { datanodes: [datanode], ...by() }),
  uncordon: (datanode: string): Promise<unknown> =>
    post('/api/v1/uncordon', { datanodes: [datanode], ...by() }),
  release: (what: 'region' | 'datanode', id: string): Promise<unknown> =>
    post('/api/v1/quarantine/release', { [`${what}Id`]: id, ...by() }),
};
