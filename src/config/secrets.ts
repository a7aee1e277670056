import { UsageError } from '../domain/errors.ts';
import { Secret } from '../lib/secret.ts';
import type { Login } from '../lib/secret.ts';
import type { TlsOptions } from '../lib/tls.ts';
import type { Config } from './config.ts';
import type { Fault } from './read-file.ts';
import { SecretFile, TlsFiles } from './secret-file.ts';
import type { SecretChange } from './secret-file.ts';

const MAX_SECRET_BYTES = 65_536;
/** Debian's bundle of all authorities has some 220 KiB. */
const MAX_CA_BYTES = 4_194_304;
const CONTROL = /\p{Cc}/u;
const ONE_WORD = /^[\x21-\x7e]+$/;

/** The content of every file that the configuration names as a secret, as it is when it is asked for. */
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
  readonly files: SecretFiles;
}

interface ClientSecrets {
  readonly login?: Login | undefined;
  readonly tls: TlsOptions;
}

/**
 * Reads the files that hold secrets.
 *
 * @param onChange told of each file that is changed later, when that is noticed.
 * @throws UsageError that names key, file and fault of every file that cannot be used; never its content.
 */
export async function readSecrets(
  { cluster, server, notifications, ha }: Config,
  onChange: (change: SecretChange) => void = () => undefined,
): Promise<Secrets> {
  const files = new SecretFiles(onChange);
  const secrets: Secrets = {
    sql: await readClient(files, 'cluster.sql', cluster.sql),
    metasrv: { tls: await files.tls('cluster.metasrv.tls', cluster.metasrv.tls) },
    etcd: await readClient(files, 'ha.etcd', ha.etcd),
    serverToken: await files.line('server.tokenFile', server.tokenFile, token),
    serverTls: server.tls.certFile === undefined ? undefined : await files.tls('server.tls', server.tls),
    webhookUrl: await files.line('notifications.urlFile', notifications.urlFile, receiver),
    webhookToken: await files.line('notifications.tokenFile', notifications.tokenFile),
    files,
  };
  files.throwIfAny();
  return secrets;
}

interface ClientConfig {
  readonly username?: string;
  readonly passwordFile?: string;
  readonly tls: Config['cluster']['sql']['tls'];
}

async function readClient(
  files: SecretFiles,
  key: string,
  { username, passwordFile, tls }: ClientConfig,
): Promise<ClientSecrets> {
  const password = await files.line(`${key}.passwordFile`, passwordFile);
  return {
    ...(password && username !== undefined && { login: { username, password } }),
    tls: await files.tls(`${key}.tls`, tls),
  };
}

interface TlsPaths {
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly insecureSkipVerify?: boolean;
}

/** The files of all secrets. Their faults at the start are collected, so that they are shown together. */
class SecretFiles {
  readonly #faults: string[] = [];
  readonly #files: SecretFile[] = [];
  readonly #tls: TlsFiles[] = [];
  readonly #onChange: (change: SecretChange) => void;

  constructor(onChange: (change: SecretChange) => void) {
    this.#onChange = onChange;
  }

  /** One line of text. A line break at its end is not part of it. */
  async line(
    key: string,
    path: string | undefined,
    check: (line: string) => Fault | undefined = () => undefined,
  ): Promise<Secret | undefined> {
    const file = await this.#open(key, path, MAX_SECRET_BYTES, (text) => {
      const line = text.replace(/\r?\n$/, '');
      return CONTROL.test(line) ? { fault: 'holds more than one line of text' } : (check(line) ?? line);
    });
    return file && new Secret(() => file.read());
  }

  async tls(
    key: string,
    { caFile, certFile, keyFile, insecureSkipVerify = false }: TlsPaths,
  ): Promise<TlsOptions> {
    const ca = await this.#open(`${key}.caFile`, caFile, MAX_CA_BYTES, pem);
    const cert = await this.#open(`${key}.certFile`, certFile, MAX_CA_BYTES, pem);
    const privateKey = await this.#open(`${key}.keyFile`, keyFile, MAX_SECRET_BYTES, pem);
    const files = { ...(ca && { ca }), ...(cert && { cert }), ...(privateKey && { key: privateKey }) };
    const tls = new TlsFiles({ key, files, insecureSkipVerify, onChange: this.#onChange });
    this.#tls.push(tls);
    return tls;
  }

  throwIfAny(): void {
    if (this.#faults.length > 0) throw new UsageError(this.#faults.join('\n'), { code: 'secrets' });
  }

  /** Reads all of them anew, changed or not. */
  readAgain(): void {
    for (const file of this.#files) file.readAgain();
    for (const tls of this.#tls) tls.current();
  }

  /** Whether an old secret is in use because a file that was changed cannot be used. */
  isAnyRefused(): boolean {
    for (const file of this.#files) file.read();
    for (const tls of this.#tls) tls.current();
    return [...this.#files, ...this.#tls].some(({ fault }) => fault !== undefined);
  }

  async #open(
    key: string,
    path: string | undefined,
    maxBytes: number,
    read: (text: string) => string | Fault,
  ): Promise<SecretFile | undefined> {
    if (path === undefined) return undefined;
    const file = await SecretFile.open({ key, path, maxBytes, read, onChange: this.#onChange });
    if (file instanceof SecretFile) {
      this.#files.push(file);
      return file;
    }
    this.#faults.push(`${key}: the file ${path} ${file.fault}`);
    return undefined;
  }
}

/** Anything else no client could send: the header has one word after `Bearer`. */
function token(line: string): Fault | undefined {
  return ONE_WORD.test(line) ? undefined : { fault: 'does not hold a token (one word of printable ASCII)' };
}

/** The URL may be a secret itself, and is never shown. */
function receiver(line: string): Fault | undefined {
  const url = URL.parse(line);
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    return { fault: 'holds no URL such as https://host/path' };
  if (url.username === '' && url.password === '') return undefined;
  return {
    fault: 'holds a URL with user name or password, wanted one without (see notifications.tokenFile)',
  };
}

function pem(text: string): string | Fault {
  const [begins, ends] = [text.split('-----BEGIN ').length, text.split('-----END ').length];
  if (begins === 1) return { fault: 'is not PEM (no "-----BEGIN " line)' };
  return begins === ends ? text : { fault: 'is cut off (a "-----BEGIN " line without its "-----END " line)' };
}
