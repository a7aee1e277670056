import type { Config } from '../config/config.ts';
import { readSecrets } from '../config/secrets.ts';
import type { Secrets } from '../config/secrets.ts';
import type { RequestSample } from '../greptimedb/options.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../observability/logger.ts';
import { openStore } from '../store/sqlite.ts';
import type { ClusterOpener } from './open-cluster.ts';
import { leadershipFor } from './open-leadership.ts';
import type { Planner } from './planning.ts';
import { Worksite } from './worksite.ts';

/** The real things, or a test's: the one place where they are chosen is main. */
export interface Parts {
  readonly version: string;
  readonly clock: Clock;
  readonly planner: Planner;
  readonly logger: Logger;
  readonly openCluster: ClusterOpener;
}

export interface OpenedWorksite {
  readonly site: Worksite;
  readonly secrets: Secrets;
}

/**
 * Opens what works on a cluster: secrets and state folder now, the cluster itself when it is first needed.
 *
 * @throws UsageError when a secret cannot be read, OperatingError when the state folder cannot be used.
 */
export async function openWorksite(
  config: Config,
  parts: Parts & { readonly onRequest?: (sample: RequestSample) => void },
): Promise<OpenedWorksite> {
  const secrets = await readSecrets(config);
  const store = openStore(
    { path: config.state.path, retentionMs: config.state.retentionMs },
    { clock: parts.clock },
  );
  const createLeadership = leadershipFor(config, secrets);
  const dependencies = { ...parts, store, ...(createLeadership && { createLeadership }) };
  return { site: new Worksite({ config, secrets }, dependencies), secrets };
}
