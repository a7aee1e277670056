import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { Secret } from '../lib/secret.ts';
import { nodeTlsOptions } from '../lib/tls.ts';
import type { TlsOptions } from '../lib/tls.ts';
import { fileStamp, NO_REGULAR_FILE, readBounded, readBoundedSync } from './read-file.ts';
import type { Fault, FileReading } from './read-file.ts';

/** A file that was changed while the program runs. Nothing of its content. */
export interface SecretChange {
  /** Of the configuration: `server.tokenFile`, or `server.tls` where files do not fit each other. */
  readonly key: string;
  /** Why the old content stays in use; undefined: the new one is in use. */
  readonly fault?: string;
}

export interface SecretFileOptions {
  readonly key: string;
  readonly path: string;
  readonly maxBytes: number;
  /** Takes the secret out of the file's text, or says what is wrong with it. */
  readonly read: (text: string) => string | Fault;
  readonly onChange: (change: SecretChange) => void;
}

/**
 * A secret in a file. Whoever renews it need not tell us: each use looks whether the file changed. What cannot be used then (it may
 * be half written) leaves the old secret in use, and is told of once.
 */
export class SecretFile {
  readonly #options: SecretFileOptions;
  /** A pipe, such as that of the shell's `<(command)`, gives its content once. */
  readonly #isPipe: boolean;
  #stamp: string;
  #secret: string;
  #fault: string | undefined;

  /** Reads it for the first time, from whatever can be read. */
  static async open(options: SecretFileOptions): Promise<SecretFile | Fault> {
    const stamp = fileStamp(options.path);
    const secret = secretIn(await readBounded(options.path, options.maxBytes), options);
    return typeof secret === 'string' ? new SecretFile(options, stamp, secret) : secret;
  }

  private constructor(options: SecretFileOptions, stamp: string, secret: string) {
    this.#options = options;
    this.#isPipe = stamp === NO_REGULAR_FILE;
    this.#stamp = stamp;
    this.#secret = secret;
  }

  /** Why the old content is in use, where it is. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** The secret as it is now. */
  read(): string {
    const stamp = fileStamp(this.#options.path);
    if (stamp !== this.#stamp) this.readAgain(stamp);
    return this.#secret;
  }

  /** Reads the file even where it seems unchanged. */
  readAgain(stamp = fileStamp(this.#options.path)): void {
    if (this.#isPipe) return;
    const { key, path, maxBytes, onChange } = this.#options;
    this.#stamp = stamp;
    const secret = secretIn(readBoundedSync(path, maxBytes), this.#options);
    const before = { secret: this.#secret, fault: this.#fault };
    this.#fault = typeof secret === 'string' ? undefined : `the file ${path} ${secret.fault}`;
    if (typeof secret === 'string') this.#secret = secret;
    if (this.#fault !== undefined && this.#fault !== before.fault) onChange({ key, fault: this.#fault });
    else if (this.#secret !== before.secret) onChange({ key });
  }
}

function secretIn(reading: FileReading, { read }: SecretFileOptions): string | Fault {
  if ('fault' in reading) return reading;
  return reading.text.trim() === '' ? { fault: 'is empty' } : read(reading.text);
}

export interface TlsFilesOptions {
  /** The section of the configuration. */
  readonly key: string;
  readonly files: Readonly<Partial<Record<'ca' | 'cert' | 'key', SecretFile>>>;
  readonly insecureSkipVerify: boolean;
  readonly onChange: (change: SecretChange) => void;
}

/** Authorities, certificate and key in files. Those that are renewed come into use together, once they fit each other. */
export class TlsFiles implements TlsOptions {
  readonly #options: TlsFilesOptions;
  #seen: TlsOptions;
  #inUse: TlsOptions;
  #fault: string | undefined;

  constructor(options: TlsFilesOptions) {
    this.#options = options;
    this.#seen = this.#inUse = this.#read();
  }

  get fault(): string | undefined {
    return this.#fault;
  }

  get ca(): string | undefined {
    return this.current().ca;
  }

  get cert(): string | undefined {
    return this.current().cert;
  }

  get key(): Secret | undefined {
    return this.current().key;
  }

  get insecureSkipVerify(): boolean {
    return this.#options.insecureSkipVerify;
  }

  /** Looks at the files. @returns what is in use now. */
  current(): TlsOptions {
    const now = this.#read();
    if (isSame(now, this.#seen)) return this.#inUse;
    this.#seen = now;
    this.#fault = faultOfTls(now);
    if (this.#fault === undefined) this.#inUse = now;
    else this.#options.onChange({ key: this.#options.key, fault: this.#fault });
    return this.#inUse;
  }

  #read(): TlsOptions {
    const { ca, cert, key } = this.#options.files;
    return {
      ...(ca && { ca: ca.read() }),
      ...(cert && { cert: cert.read() }),
      ...(key && { key: new Secret(key.read()) }),
      insecureSkipVerify: this.#options.insecureSkipVerify,
    };
  }
}

function isSame(a: TlsOptions, b: TlsOptions): boolean {
  return a.ca === b.ca && a.cert === b.cert && a.key?.reveal() === b.key?.reveal();
}

/** Certificate and key are often written one after the other. */
function faultOfTls(options: TlsOptions): string | undefined {
  try {
    createSecureContext(nodeTlsOptions(options));
    // Node passes over authorities that it cannot read.
    if (options.ca !== undefined) new X509Certificate(options.ca);
    return undefined;
  } catch {
    return 'authorities, certificate and key cannot be read, or are no pair';
  }
}
