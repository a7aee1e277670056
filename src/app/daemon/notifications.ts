import type { Config } from '../../config/config.ts';
import type { Secrets } from '../../config/secrets.ts';
import type { Clock } from '../../lib/clock.ts';
import { Secret } from '../../lib/secret.ts';
import type { LiveSource } from '../../observability/live-state.ts';
import type { Logger } from '../../observability/logger.ts';
import type { Metrics } from '../../observability/metrics.ts';
import { startNotifier } from '../../observability/notify.ts';

export interface NotificationDependencies {
  readonly live: LiveSource;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'notifications_total'>;
  readonly logger: Logger;
  readonly version: string;
}

/**
 * Sends notifications where the configuration names a receiver, else does nothing.
 *
 * @returns a function that ends it.
 */
export function startNotifications(
  { notifications, cluster }: Config,
  secrets: Pick<Secrets, 'webhookUrl' | 'webhookToken'>,
  { live, clock, metrics, logger, version }: NotificationDependencies,
): () => void {
  const url = secrets.webhookUrl ?? (notifications.url && new Secret(notifications.url));
  if (!url) return () => undefined;
  const { format, events: kinds, timeoutMs } = notifications;
  return startNotifier(
    {
      url,
      format,
      kinds,
      timeoutMs,
      token: secrets.webhookToken,
      cluster: cluster.name,
      version,
    },
    {
      live,
      clock,
      onOutcome: (outcome) => metrics.notifications_total.inc({ outcome }),
      onProblem: (problem, { kind, text }) =>
        logger.warn({ problem, notification: kind, text }, 'A notification could not be delivered'),
    },
  );
}
