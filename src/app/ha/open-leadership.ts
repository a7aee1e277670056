import { hostname } from 'node:os';
import type { Config } from '../../config/config.ts';
import type { Secrets } from '../../config/secrets.ts';
import { openElection, type ProviderOptions } from '../../ha/open.ts';
import { SharedLeadership, type Leadership } from './leadership.ts';
import type { LeadershipParts } from '../daemon/cluster-session.ts';

/** How replicas agree, as the configuration says; undefined where there is only one. */
export function leadershipFor(
  config: Config,
  secrets: Secrets,
): ((parts: LeadershipParts) => Leadership) | undefined {
  const lock = toLock(config, secrets);
  if (!lock) return undefined;
  const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = config.ha;
  const identity = config.ha.identity ?? hostname();
  return ({ store, events, clock, logger }) => {
    const onTrouble = (problem: string | undefined): void => {
      if (problem === undefined) logger.info({}, 'The leader lock answers again');
      else logger.warn({ problem }, 'The leader lock does not answer');
    };
    const timing = { leaseDurationMs, renewDeadlineMs, retryPeriodMs };
    const election = openElection({ ...timing, identity, lock }, { clock, onTrouble });
    return new SharedLeadership(
      { identity, writeLimitMs: renewDeadlineMs, retryMs: retryPeriodMs },
      { election, store, events, clock, logger },
    );
  };
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
