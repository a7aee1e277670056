import { inspect } from 'node:util';
import { UsageError } from '../domain/errors.ts';
import type { Config, TlsConfig } from './config.ts';
import { readBounded } from './read-file.ts';

const MAX_SECRET_BYTES = 65_536;
/** Debian's bundle of all authorities has some 220 KiB. */
const MAX_CA_BYTES = 4_194_304;
const MASK = '***';
const CONTROL = /\p{Cc}/u;
const ONE_WORD = /^[\x21-\x7e]+$/;

/** A text that shows itself only to who asks for it by name: logs, JSON and debuggers see a mask. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/** What a TLS connection needs. Texts are PEM. */
export interface TlsMaterial {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: Secret;
  readonly insecureSkipVerify: boolean;
}

/** The content of every file that the configuration names as a secret. */
export interface Secrets {
  /** HTTP Basic authentication at the frontends. */
  readonly sqlLogin?: { readonly username: string; readonly password: Secret };
  readonly sqlTls: TlsMaterial;
  readonly metasrvTls: TlsMaterial;
  /** Authentication at etcd, where replicas agree on a leader. */
  readonly etcdLogin?: { readonly username: string; readonly password: Secret };
  readonly etcdTls: TlsMaterial;
  /** The token of our own HTTP server. */
  readonly serverToken?: Secret;
  /** The certificate of our own HTTP server. */
  readonly serverTls?: { readonly cert: string; readonly key: Secret };
  /** Where notifications go, when a file names it, and what they show there. */
  readonly webhookUrl?: Secret;
  readonly webhookToken?: Secret;
}

/**
 * Reads the files that hold secrets.
 *
 * @throws UsageError that names key, file and fault of every file that cannot be used; never its content.
 */
export async function readSecrets(config: Config): Promise<Secrets> {
  const { sql, metasrv } = config.cluster;
  const reader = new SecretReader();
  const password = await reader.line('cluster.sql.passwordFile', sql.passwordFile);
  const sqlTls = await readTls(reader, 'cluster.sql.tls', sql.tls);
  const metasrvTls = await readTls(reader, 'cluster.metasrv.tls', metasrv.tls);
  const serverToken = await reader.token('server.tokenFile', config.server.tokenFile);
  const { notifications } = config;
  const webhookUrl = await reader.line('notifications.urlFile', notifications.urlFile);
  const webhookToken = await reader.line('notifications.tokenFile', notifications.tokenFile);
  const serverCert = await reader.pem('server.tls.certFile', config.server.tls.certFile, MAX_CA_BYTES);
  const serverKey = await reader.pem('server.tls.keyFile', config.server.tls.keyFile);
  const { etcd } = config.ha;
  const etcdPassword = await reader.line('ha.etcd.passwordFile', etcd.passwordFile);
  const etcdTls = await readTls(reader, 'ha.etcd.tls', etcd.tls);
  reader.throwIfAny();
  return {
    ...(password && sql.username !== undefined ? { sqlLogin: { username: sql.username, password } } : {}),
    sqlTls,
    metasrvTls,
    ...(etcdPassword && etcd.username !== undefined
      ? { etcdLogin: { username: etcd.username, password: etcdPassword } }
      : {}),
    etcdTls,
    ...(serverToken ? { serverToken } : {}),
    ...(serverCert !== undefined && serverKey !== undefined
      ? { serverTls: { cert: serverCert, key: new Secret(serverKey) } }
      : {}),
    ...(webhookUrl ? { webhookUrl } : {}),
    ...(webhookToken ? { webhookToken } : {}),
  };
}

async function readTls(reader: SecretReader, key: string, tls: TlsConfig): Promise<TlsMaterial> {
  const ca = await reader.pem(`${key}.caFile`, tls.caFile, MAX_CA_BYTES);
  const cert = await reader.pem(`${key}.certFile`, tls.certFile);
  const privateKey = await reader.pem(`${key}.keyFile`, tls.keyFile);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(privateKey === undefined ? {} : { key: new Secret(privateKey) }),
    insecureSkipVerify: tls.insecureSkipVerify,
  };
}

/**
 * Reads a secret of one line: a password or a token. One line break at the end is not part of it.
 *
 * @param key what the file is for, as errors show it.
 * @throws UsageError when the file is missing, empty, too large, unreadable or has more than one line.
 */
export async function readSecretFile(key: string, path: string): Promise<Secret> {
  const reader = new SecretReader();
  const secret = await reader.line(key, path);
  reader.throwIfAny();
  if (!secret) throw new Error(`No fault and no secret in ${path}`);
  return secret;
}

/** Collects the faults of all files, so that they are shown together. */
class SecretReader {
  readonly #faults: string[] = [];

  async line(key: string, path: string | undefined): Promise<Secret | undefined> {
    const content = await this.#content(key, path, MAX_SECRET_BYTES);
    if (path === undefined || content === undefined) return undefined;
    const line = content.replace(/\r?\n$/, '');
    if (line.trim() === '') {
      this.#refuse(key, path, 'is empty');
      return;
    }
    if (CONTROL.test(line)) {
      this.#refuse(key, path, 'holds more than one line of text');
      return;
    }
    return new Secret(line);
  }

  /** Anything else no client could send: the header has one word after `Bearer`. */
  async token(key: string, path: string | undefined): Promise<Secret | undefined> {
    const secret = await this.line(key, path);
    if (path === undefined || secret === undefined || ONE_WORD.test(secret.reveal())) return secret;
    this.#refuse(key, path, 'does not hold a token (one word of printable ASCII)');
    return;
  }

  async pem(key: string, path: string | undefined, maxBytes = MAX_SECRET_BYTES): Promise<string | undefined> {
    const content = await this.#content(key, path, maxBytes);
    if (path === undefined || content === undefined) return undefined;
    if (content.trim() === '') {
      this.#refuse(key, path, 'is empty');
      return;
    }
    if (!content.includes('-----BEGIN ')) {
      this.#refuse(key, path, 'is not PEM (no "-----BEGIN " line)');
      return;
    }
    return content;
  }

  throwIfAny(): void {
    if (this.#faults.length > 0) throw new UsageError(this.#faults.join('\n'), { code: 'secrets' });
  }

  async #content(key: string, path: string | undefined, maxBytes: number): Promise<string | undefined> {
    if (path === undefined) return undefined;
    const reading = await readBounded(path, maxBytes);
    if ('fault' in reading) {
      this.#refuse(key, path, reading.fault);
      return;
    }
    return reading.bytes.toString('utf8');
  }

  #refuse(key: string, path: string, fault: string): undefined {
    this.#faults.push(`${key}: the file ${path} ${fault}`);
    return undefined;
  }
}
