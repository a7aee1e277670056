import type { Config } from '../config/config.ts';
import { readSecrets } from '../config/secrets.ts';
import type { Secrets } from '../config/secrets.ts';
import type { RequestSample } from '../greptimedb/options.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../observability/logger.ts';
import { openStore } from '../store/sqlite.ts';
import { warningsTo } from './daemon/settings.ts';
import type { ClusterOpener } from './daemon/settings.ts';
import type { Leadership, LeadershipParts } from './ha/leadership.ts';
import { openLeadership } from './ha/open-leadership.ts';
import type { Planner } from './planning/planner.ts';
import { ClusterSession } from './daemon/cluster-session.ts';

/** The real things, or a test's: the one place where they are chosen is main. */
export interface Parts {
  readonly version: string;
  readonly clock: Clock;
  readonly planner: Planner;
  readonly logger: Logger;
  readonly openCluster: ClusterOpener;
}

/**
 * Opens what works on a cluster: secrets and state folder now, the cluster itself when it is first needed.
 *
 * @throws UsageError when a secret cannot be read, OperatingError when the state folder cannot be used.
 */
export async function openSession(
  config: Config,
  parts: Parts & { readonly onRequest?: (sample: RequestSample) => void },
): Promise<{ readonly session: ClusterSession; readonly secrets: Secrets }> {
  const secrets = await readSecrets(config, ({ key, fault }) => {
    if (fault === undefined) parts.logger.info({ key }, 'A secret was renewed');
    else parts.logger.warn({ key, fault }, 'A renewed secret cannot be used; the old one is still used');
  });
  const store = openStore(
    { path: config.state.path, cluster: config.cluster.name, retentionMs: config.state.retentionMs },
    { clock: parts.clock, onNotice: warningsTo(parts.logger) },
  );
  const createLeadership = (of: LeadershipParts): Leadership => openLeadership(config, secrets, of);
  return { session: new ClusterSession({ config, secrets }, { ...parts, store, createLeadership }), secrets };
}
