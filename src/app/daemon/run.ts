import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Config } from '../../config/config.ts';
import { describeError } from '../../domain/errors.ts';
import { createLogger } from '../../observability/logger.ts';
import type { Logger } from '../../observability/logger.ts';
import { untilAborted } from '../lifecycle.ts';
import type { Parts } from '../compose.ts';
import type { ClusterSession } from './cluster-session.ts';
import { openDaemon } from './open-daemon.ts';
import type { DaemonParts, RunningDaemon } from './open-daemon.ts';

/** Runs the daemon until the signal aborts. It logs to standard output. */
export async function runDaemon(
  { config, ...sources }: { readonly config: Config } & ReloadSources,
  parts: Omit<Parts, 'logger'>,
  signal: AbortSignal,
): Promise<void> {
  const logger = createLogger({ level: config.log.level, destination: 'stdout' }, parts);
  const running = await startDaemon(config, { ...parts, logger });
  const stopWatching = watchConfig(running, logger, sources);
  await untilAborted(signal);
  stopWatching();
  logger.info({}, 'Stopping');
  await running.close();
  logger.info({}, 'Stopped');
}

/**
 * Opens the daemon and starts it.
 *
 * @throws OperatingError when the state folder or the listen address cannot be used; nothing is left open then.
 */
export async function startDaemon(config: Config, parts: DaemonParts): Promise<RunningDaemon> {
  const running = await openDaemon(config, parts);
  const { server, session, daemon } = running;
  const { execution, schedule } = config;
  session.store.announce(server.url);
  parts.logger.info(
    {
      version: parts.version,
      url: server.url,
      cluster: config.cluster.name,
      dryRun: execution.dryRun,
      cron: schedule.cron,
      state: session.store.location,
    },
    'Rebalancer started',
  );
  daemon.start();
  return running;
}

/** What may ask a running daemon to read its configuration again. */
export interface ReloadSources {
  /** Reads the configuration again, from the same places. */
  readonly reload: () => Promise<Config>;
  /** The file to watch for changes. */
  readonly file?: string | undefined;
  readonly onHangup: (listener: () => void) => () => void;
}

/** Editors write a file in several steps; the change is looked at when it has been quiet for so long. */
const SETTLE_MS = 300;

/** Reads the configuration again on SIGHUP and when its file changes. Returns a function that ends that. */
export function watchConfig(
  { daemon, session, metrics, secrets }: RunningDaemon,
  logger: Logger,
  sources: ReloadSources,
): () => void {
  // A file that is as before emits nothing: what was refused is over then, too.
  let isRefused = false;
  metrics.onScrape(() => metrics.config_refused.set(isRefused || secrets.files.isAnyRefused() ? 1 : 0));
  const reload = async (): Promise<void> => {
    secrets.files.readAgain();
    try {
      const config = await sources.reload();
      daemon.reload(config);
      logger.setLevel(config.log.level);
      isRefused = false;
    } catch (error) {
      isRefused = true;
      session.events.emit({ type: 'config-refused', detail: describeError(error) });
    }
  };
  // One after the other: of two that overlap the older could be read last, and stay.
  let last = Promise.resolve();
  const ask = (): void => {
    last = last.then(reload);
  };
  const closers = [sources.onHangup(ask)];
  // What was changed while the daemon started was seen by nobody.
  if (sources.file !== undefined) ask();
  if (sources.file !== undefined) closers.push(watchFile(sources.file, session, ask, logger));
  return () => closers.forEach((close) => close());
}

/** Watches the folder, not the file: editors and Kubernetes replace files instead of writing into them. */
function watchFile(
  file: string,
  { clock }: ClusterSession,
  onChange: () => void,
  logger: Logger,
): () => void {
  let cancel = (): void => undefined;
  const onError = (error: unknown): void =>
    logger.warn({ error, file }, 'The configuration file cannot be watched; send SIGHUP to reload it');
  const onEvent = (_: unknown, name: string | null): void => {
    // Kubernetes swaps the link "..data" that the file's own link points through.
    if (name !== null && name !== basename(file) && !name.startsWith('..')) return;
    cancel();
    cancel = clock.setTimer(SETTLE_MS, onChange);
  };
  try {
    const watcher = watch(dirname(file), onEvent).on('error', onError);
    return () => {
      cancel();
      watcher.close();
    };
  } catch (error) {
    // Too few watches or files left, or a folder that may be passed through and not be read.
    onError(error);
    return () => undefined;
  }
}
