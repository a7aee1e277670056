import { OperatingError } from '../../domain/errors.ts';

/** What `work` returns; `otherwise` where the state folder is in trouble, which the next cycle tells. */
export function unlessStateFails<T, U>(work: () => T, otherwise: U): T | U {
  try {
    return work();
  } catch (error) {
    if (error instanceof OperatingError) return otherwise;
    throw error;
  }
}
