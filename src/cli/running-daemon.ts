import type { Config } from '../config/config.ts';
import { OperatingError } from '../domain/errors.ts';
import { listenUrl } from '../lib/listen-address.ts';
import { statusSchema } from '../server/api/answers.ts';
import type { StatusView } from '../server/api/answers.ts';
import { createApiClient } from './api-client.ts';
import type { ApiClient } from './api-client.ts';
import type { Cli } from './cli.ts';

/** A daemon that works on the cluster of a configuration. */
export interface RunningDaemon {
  readonly client: ApiClient;
  /** `the daemon at http://127.0.0.1:9480 (process 12)` */
  readonly name: string;
  readonly status: StatusView;
}

const ANSWER_TIMEOUT_MS = 5_000;

/**
 * Looks for the daemon that works on the cluster of this configuration, so that no second one moves its regions: where the lock of the
 * state folder says, then at `server.listen`. What answers there for another cluster, or is something else, does not count.
 *
 * @throws OperatingError when a daemon is there that tells nothing: for want of a token, with a certificate that is not the one of
 *   `server.tls`, or because it is stuck.
 */
export async function findDaemon(cli: Cli, config: Config): Promise<RunningDaemon | undefined> {
  const { tokenFile, tls, listen } = config.server;
  const holder = await cli.app.stateHolder(config);
  // With port 0 it is any free one.
  const configured =
    listen.port === 0 ? undefined : listenUrl(listen, tls.certFile === undefined ? 'http' : 'https');
  const urls = new Set([holder?.url, configured].filter((url) => url !== undefined));
  for (const url of urls) {
    const client = createApiClient(
      {
        url,
        tokenFile,
        certFile: url.startsWith('https:') ? tls.certFile : undefined,
        timeoutMs: ANSWER_TIMEOUT_MS,
      },
      { clock: cli.io.clock, signal: cli.io.signal, ask: cli.ask },
    );
    const status = await statusOf(client);
    if (status?.cluster.name !== config.cluster.name) continue;
    const pid = status.process.pid;
    return { client, status, name: `the daemon at ${url}${pid === undefined ? '' : ` (process ${pid})`}` };
  }
  return undefined;
}

/** @throws OperatingError when the daemon is in dry run and the command is not, or the other way round: it would do something else. */
export function refuseOtherDryRun({ name, status }: RunningDaemon, { execution }: Config): void {
  if (status.dryRun === execution.dryRun) return;
  throw new OperatingError(
    'daemon-running',
    status.dryRun
      ? `The work is for ${name}, and its execution.dryRun is true: it would move nothing`
      : `The work is for ${name}, and its execution.dryRun is false: it would move regions. Use "plan" to look`,
  );
}

/** Something answers, and it is no daemon. */
const OTHER_SERVICE: readonly string[] = ['unexpected-answer', 'http', 'answer-too-large'];
/** Nothing listens there. A daemon that is stuck resets a connection, or does not answer in time. */
const NOBODY: readonly unknown[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'EHOSTUNREACH',
  'ENETUNREACH',
];

async function statusOf(client: ApiClient): Promise<StatusView | undefined> {
  try {
    return await client.get('/api/v1/status', statusSchema);
  } catch (error) {
    if (error instanceof OperatingError && isNoDaemon(error)) return undefined;
    throw error;
  }
}

function isNoDaemon({ code, cause }: OperatingError): boolean {
  const reason = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return OTHER_SERVICE.includes(code) || (code === 'unreachable' && NOBODY.includes(reason));
}
