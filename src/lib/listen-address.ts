/** Where a server listens. */
export interface ListenAddress {
  /** An address or a name, IPv6 without brackets. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** Where a server that listens there is reached from its own machine. */
export function listenUrl({ host, port }: ListenAddress, scheme: 'http' | 'https'): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `${scheme}://${formatListenAddress({ host: reachable, port })}`;
}

/** `host:port`, IPv6 in brackets. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
