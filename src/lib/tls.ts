import type { Secret } from './secret.ts';

/** What an end of a TLS connection shows and trusts, in PEM texts. They may be renewed, so each connection asks for them. */
export interface TlsOptions {
  /** Authorities to trust instead of the built-in ones. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: Secret | undefined;
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
