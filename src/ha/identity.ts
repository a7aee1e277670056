import { randomUUID } from 'node:crypto';

/** A name that no other process has, not even the next one of the same replica: leases belong to processes. */
export function createInstance(identity: string): string {
  return `${identity}_${randomUUID()}`;
}

/** The replica's name, as people know it. */
export function displayName(instance: string): string | null {
  const name = instance.replace(/_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, '');
  return name === '' ? null : name.slice(0, 256);
}
