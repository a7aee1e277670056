import { hostname } from 'node:os';
import type { Config } from '../../config/config.ts';
import type { Secrets } from '../../config/secrets.ts';
import { openElection, type ProviderOptions } from '../../ha/open.ts';
import { SharedLeadership, SOLE_LEADER, type Leadership, type LeadershipParts } from './leadership.ts';

/** How replicas agree, as the configuration says. */
export function openLeadership(config: Config, secrets: Secrets, parts: LeadershipParts): Leadership {
  const lock = toLock(config, secrets);
  if (!lock) return SOLE_LEADER;
  const { clock, logger } = parts;
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = config.ha;
  const identity = config.ha.identity ?? hostname();
  const onTrouble = (problem: string | undefined): void => {
    if (problem === undefined) logger.info({}, 'The leader lock answers again');
    else logger.warn({ problem }, 'The leader lock does not answer');
  };
  const timing = { leaseDurationMs, renewDeadlineMs, retryPeriodMs };
  const election = openElection({ ...timing, identity, lock }, { clock, onTrouble });
  const options = { identity, writeLimitMs: renewDeadlineMs, retryMs: retryPeriodMs };
  return new SharedLeadership(options, { ...parts, election });
}

function toLock({ ha, cluster }: Config, { etcd }: Secrets): ProviderOptions | undefined {
  switch (ha.provider) {
    case 'none':
      return undefined;
    case 'etcd':
      return {
        ...ha.etcd,
        ...etcd,
        provider: 'etcd',
        prefix: `${ha.etcd.prefix.replace(/\/+$/, '')}/${cluster.name}`,
      };
    case 'kubernetes':
      return { ...ha.kubernetes, provider: 'kubernetes' };
  }
}
