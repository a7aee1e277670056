import { hostname } from 'node:os';
import type { Config } from '../../config/config.ts';
import type { Secrets, TlsMaterial } from '../../config/secrets.ts';
import type { HaTls } from '../../ha/http.ts';
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
      if (problem === undefined) logger.info({}, 'The lock of the leader answers again');
      else logger.warn({ problem }, 'The lock of the leader cannot be asked');
    };
    const timing = { leaseDurationMs, renewDeadlineMs, retryPeriodMs };
    const election = openElection({ ...timing, identity, lock }, { clock, onTrouble });
    return new SharedLeadership(
      { identity, writeLimitMs: renewDeadlineMs, retryMs: retryPeriodMs },
      { election, store, events, clock, logger },
    );
  };
}

function toLock({ ha, cluster }: Config, { etcdLogin, etcdTls }: Secrets): ProviderOptions | undefined {
  switch (ha.provider) {
    case 'none':
      return undefined;
    case 'etcd':
      return {
        provider: 'etcd',
        endpoints: ha.etcd.endpoints,
        prefix: `${ha.etcd.prefix.replace(/\/+$/, '')}/${cluster.name}`,
        tls: toHaTls(etcdTls),
        ...(etcdLogin && {
          login: { username: etcdLogin.username, password: etcdLogin.password.reveal() },
        }),
      };
    case 'kubernetes':
      return { provider: 'kubernetes', ...ha.kubernetes };
  }
}

function toHaTls({ ca, cert, key, insecureSkipVerify }: TlsMaterial): HaTls {
  return {
    insecureSkipVerify,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key && { key: key.reveal() }),
  };
}
