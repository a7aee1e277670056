/** `target`: alive and may receive regions. `quarantined`: it would be one, but migrations to it failed. `query-only`: it takes no writes. */
export const DATANODE_STATES = [
  'target',
  'draining',
  'cordoned',
  'query-only',
  'quarantined',
  'dead',
] as const;
export type DatanodeState = (typeof DATANODE_STATES)[number];

/**
 * Whether skew is measured over a datanode: it is alive, neither draining nor cordoned, and takes writes. One in quarantine is among them, though
 * nothing moves to it and it has no part in the shares of the others meanwhile.
 */
export function countsForSkew(state: DatanodeState | 'unlisted'): boolean {
  return state === 'target' || state === 'quarantined';
}
