import { UsageError } from '../domain/errors.ts';
import { Secret } from '../lib/secret.ts';
import type { Login } from '../lib/secret.ts';
import type { TlsOptions } from '../lib/tls.ts';
import type { Config } from './config.ts';
import { readBounded } from './read-file.ts';

const MAX_SECRET_BYTES = 65_536;
/** Debian's bundle of all authorities has some 220 KiB. */
const MAX_CA_BYTES = 4_194_304;
const CONTROL = /\p{Cc}/u;
const ONE_WORD = /^[\x21-\x7e]+$/;

/** The content of every file that the configuration names as a secret. */
export interface Secrets {
  readonly sql: ClientSecrets;
  readonly metasrv: Pick<ClientSecrets, 'tls'>;
  /** For etcd, where replicas agree on a leader. */
  readonly etcd: ClientSecrets;
  /** The token of our own HTTP server. */
  readonly serverToken?: Secret | undefined;
  /** The certificate of our own HTTP server. */
  readonly serverTls?: TlsOptions | undefined;
  /** Where notifications go, when a file names it, and what they show there. */
  readonly webhookUrl?: Secret | undefined;
  readonly webhookToken?: Secret | undefined;
}

interface ClientSecrets {
  readonly login?: Login | undefined;
  readonly tls: TlsOptions;
}

/**
 * Reads the files that hold secrets.
 *
 * @throws UsageError that names key, file and fault of every file that cannot be used; never its content.
 */
export async function readSecrets({ cluster, server, notifications, ha }: Config): Promise<Secrets> {
  const reader = new SecretReader();
  const sql = await readClient(reader, 'cluster.sql', cluster.sql);
  const metasrv = { tls: await readTls(reader, 'cluster.metasrv.tls', cluster.metasrv.tls) };
  const serverToken = await reader.token('server.tokenFile', server.tokenFile);
  const webhookUrl = await reader.line('notifications.urlFile', notifications.urlFile);
  const webhookToken = await reader.line('notifications.tokenFile', notifications.tokenFile);
  const cert = await reader.pem('server.tls.certFile', server.tls.certFile, MAX_CA_BYTES);
  const key = await reader.pem('server.tls.keyFile', server.tls.keyFile);
  const etcd = await readClient(reader, 'ha.etcd', ha.etcd);
  reader.throwIfAny();
  const serverTls = cert && key && { cert: cert.reveal(), key };
  return { sql, metasrv, etcd, serverToken, serverTls, webhookUrl, webhookToken };
}

type TlsConfig = Config['cluster']['sql']['tls'];

interface ClientConfig {
  readonly username?: string;
  readonly passwordFile?: string;
  readonly tls: TlsConfig;
}

async function readClient(
  reader: SecretReader,
  key: string,
  { username, passwordFile, tls }: ClientConfig,
): Promise<ClientSecrets> {
  const password = await reader.line(`${key}.passwordFile`, passwordFile);
  return {
    ...(password && username !== undefined && { login: { username, password } }),
    tls: await readTls(reader, `${key}.tls`, tls),
  };
}

async function readTls(
  reader: SecretReader,
  parent: string,
  { caFile, certFile, keyFile, insecureSkipVerify }: TlsConfig,
): Promise<TlsOptions> {
  const ca = await reader.pem(`${parent}.caFile`, caFile, MAX_CA_BYTES);
  const cert = await reader.pem(`${parent}.certFile`, certFile);
  const key = await reader.pem(`${parent}.keyFile`, keyFile);
  return {
    ...(ca && { ca: ca.reveal() }),
    ...(cert && { cert: cert.reveal() }),
    ...(key && { key }),
    insecureSkipVerify,
  };
}

/** Collects the faults of all files, so that they are shown together. */
class SecretReader {
  readonly #faults: string[] = [];

  /** One line of text. A line break at its end is not part of it. */
  line(key: string, path: string | undefined): Promise<Secret | undefined> {
    return this.#read(key, path, MAX_SECRET_BYTES, (content) => {
      const line = content.replace(/\r?\n$/, '');
      return CONTROL.test(line) ? { fault: 'holds more than one line of text' } : line;
    });
  }

  /** Anything else no client could send: the header has one word after `Bearer`. */
  async token(key: string, path: string | undefined): Promise<Secret | undefined> {
    const secret = await this.line(key, path);
    if (secret === undefined || ONE_WORD.test(secret.reveal())) return secret;
    this.#faults.push(`${key}: the file ${path} does not hold a token (one word of printable ASCII)`);
    return undefined;
  }

  pem(key: string, path: string | undefined, maxBytes = MAX_SECRET_BYTES): Promise<Secret | undefined> {
    return this.#read(key, path, maxBytes, (content) =>
      content.includes('-----BEGIN ') ? content : { fault: 'is not PEM (no "-----BEGIN " line)' },
    );
  }

  throwIfAny(): void {
    if (this.#faults.length > 0) throw new UsageError(this.#faults.join('\n'), { code: 'secrets' });
  }

  async #read(
    key: string,
    path: string | undefined,
    maxBytes: number,
    read: (content: string) => string | { readonly fault: string },
  ): Promise<Secret | undefined> {
    if (path === undefined) return undefined;
    const file = await readBounded(path, maxBytes);
    const content = 'fault' in file ? file : file.bytes.toString('utf8');
    const value = typeof content !== 'string' ? content : content.trim() === '' ? EMPTY : read(content);
    if (typeof value === 'string') return new Secret(value);
    this.#faults.push(`${key}: the file ${path} ${value.fault}`);
    return undefined;
  }
}

const EMPTY = { fault: 'is empty' };
