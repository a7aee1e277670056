import { readConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/config.ts';
import type { ConfigSources } from '../../src/config/load.ts';

/** The configuration of a file with this text at /etc/rebalancer/rebalancer.yaml, started in /srv. */
export function configFrom(text: string, sources: Partial<ConfigSources> = {}): Config {
  const file = { name: 'rebalancer.yaml', folder: '/etc/rebalancer', text };
  return readConfig({ file, env: {}, cwd: '/srv', ...sources });
}

/** The lines that say why the configuration is refused. */
export function refusalOf(text: string, sources: Partial<ConfigSources> = {}): string[] {
  try {
    configFrom(text, sources);
  } catch (error) {
    if (error instanceof Error && error.name === 'UsageError') return error.message.split('\n');
    throw error;
  }
  return [];
}
