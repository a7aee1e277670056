import { hostname } from 'node:os';
import type { Config } from '../../config/config.ts';
import type { Secrets } from '../../config/secrets.ts';
import { openElection } from '../../ha/open.ts';
import { SharedLeadership, SOLE_LEADER, type Leadership, type LeadershipParts } from './leadership.ts';

/** How replicas agree, as the configuration says. */
export function openLeadership(
  { ha, cluster }: Config,
  secrets: Secrets,
  parts: LeadershipParts,
): Leadership {
  const { provider } = ha;
  if (provider === 'none') return SOLE_LEADER;
  const { clock, logger } = parts;
  const identity = ha.identity ?? hostname();
  const onTrouble = (problem: string | undefined): void => {
    if (problem === undefined) logger.info({}, 'The leader lock answers again');
    else logger.warn({ problem }, 'The leader lock does not answer');
  };
  const etcd = { ...ha.etcd, ...secrets.etcd };
  const election = openElection(
    { ...ha, provider, etcd, identity, cluster: cluster.name },
    { clock, onTrouble },
  );
  const options = { identity, writeLimitMs: ha.renewDeadlineMs, retryMs: ha.retryPeriodMs };
  return new SharedLeadership(options, { ...parts, election });
}
