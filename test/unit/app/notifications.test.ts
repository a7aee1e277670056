import { expect, it } from 'vitest';
import { startNotifications } from '../../../src/app/daemon/notifications.ts';
import { Secret } from '../../../src/lib/secret.ts';
import { silentLogger } from '../../../src/observability/logger.ts';
import { trackLiveState } from '../../../src/observability/live-state.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { configFrom } from '../../support/config.ts';
import { eventBus } from '../../support/observability.ts';

it.each([
  ['nothing like a URL', 'secret', 'holds no URL'],
  ['a URL of something else', 'ftp://host/secret', 'holds no URL'],
  ['a password, with which no request can be made', 'https://user:secret@host/', 'user name or password'],
  ['a user name', 'https://secret@host/', 'user name or password'],
])('a file of the receiver with %s is refused, and not shown', (_name, url, why) => {
  const { clock, bus } = eventBus();
  const metrics = createMetrics({ version: '0' });
  const parts = { live: trackLiveState(bus), clock, metrics, logger: silentLogger, version: '0' };
  const start = (): unknown => startNotifications(configFrom(''), { webhookUrl: new Secret(url) }, parts);
  expect(start).toThrow(why);
  expect(start).not.toThrow('secret');
});
