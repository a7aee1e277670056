import type { Secret } from './secret.ts';

/** What an end of a TLS connection shows and trusts, in PEM texts. */
export interface TlsOptions {
  /** Authorities to trust instead of the built-in ones. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: Secret;
  /** Takes any certificate of the other end. */
  readonly insecureSkipVerify?: boolean;
}

/** The same for `tls.connect` and `https.createServer` of Node.js. */
export function nodeTlsOptions({ ca, cert, key, insecureSkipVerify }: TlsOptions) {
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key && { key: key.reveal() }),
    ...(insecureSkipVerify === true && { rejectUnauthorized: false }),
  };
}
