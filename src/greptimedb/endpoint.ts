import { UsageError } from '../domain/errors.ts';
import { maskUserInfo } from '../lib/user-info.ts';

/** A server that we may ask. Its label is safe to print: it never holds credentials. */
export interface Endpoint {
  /** `scheme://host:port` */
  readonly origin: string;
  /** What stands before our own paths: empty, or `/prefix`. */
  readonly basePath: string;
  readonly label: string;
  /** `host:port`, lower case, the port always given. */
  readonly hostPort: string;
}

/** @throws UsageError when the text is no http or https URL. */
export function parseEndpoint(text: string): Endpoint {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '')
    throw new UsageError(`Endpoint ${JSON.stringify(maskUserInfo(text))}: expected http://host:port`);
  const basePath = url.pathname.replace(/\/+$/, '');
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return {
    origin: url.origin,
    basePath,
    label: `${url.origin}${basePath}`,
    hostPort: `${url.hostname.toLowerCase()}:${port}`,
  };
}

/** The same server under another address, as metasrv names its leader: `host:port`, or a URL. Undefined when it is neither. */
export function siblingEndpoint(of: Endpoint, address: string): Endpoint | undefined {
  const scheme = of.origin.slice(0, of.origin.indexOf('://'));
  const text = /^https?:\/\//i.test(address) ? address : `${scheme}://${address}`;
  try {
    const sibling = parseEndpoint(text);
    return sibling.basePath === '' ? sibling : undefined;
  } catch {
    return undefined;
  }
}
