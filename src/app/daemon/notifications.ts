import type { Config } from '../../config/config.ts';
import type { Secrets } from '../../config/secrets.ts';
import { UsageError } from '../../domain/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import type { LiveSource } from '../../observability/live-state.ts';
import type { Logger } from '../../observability/logger.ts';
import type { Metrics } from '../../observability/metrics.ts';
import { startNotifier } from '../../observability/notify.ts';

export interface NotificationDependencies {
  readonly live: LiveSource;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'notificationsTotal'>;
  readonly logger: Logger;
  readonly version: string;
}

/**
 * Sends notifications where the configuration names a receiver, else does nothing.
 *
 * @returns a function that ends it.
 * @throws UsageError when the file of the URL holds none, or one that nothing can be sent to.
 */
export function startNotifications(
  { notifications, cluster }: Config,
  secrets: Pick<Secrets, 'webhookUrl' | 'webhookToken'>,
  { live, clock, metrics, logger, version }: NotificationDependencies,
): () => void {
  const url = secrets.webhookUrl?.reveal() ?? notifications.url;
  if (url === undefined) return () => undefined;
  checkReceiver(URL.parse(url));
  const { format, events: kinds, timeoutMs } = notifications;
  return startNotifier(
    {
      url,
      format,
      kinds,
      timeoutMs,
      token: secrets.webhookToken?.reveal(),
      cluster: cluster.name,
      version,
    },
    {
      live,
      clock,
      onOutcome: (outcome) => metrics.notificationsTotal.inc({ outcome }),
      onProblem: (problem, { kind, text }) =>
        logger.warn({ problem, notification: kind, text }, 'A notification could not be delivered'),
    },
  );
}

/** The URL of the configuration was checked there; that of the file, which may be a secret and is never shown, is checked here. */
function checkReceiver(url: URL | null): void {
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw new UsageError('notifications.urlFile: the file holds no URL such as https://host/path');
  if (url.username !== '' || url.password !== '')
    throw new UsageError(
      'notifications.urlFile: the file holds a URL with user name or password, wanted one without (see notifications.tokenFile)',
    );
}
