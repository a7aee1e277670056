import { z } from 'zod';
import { LOAD_MEASURES } from '../domain/load.ts';
import type { LoadStore } from './port.ts';
import type { Database } from './sqlite-database.ts';

const memoryRow = z
  .object({ cyclesAbove: z.number(), active: z.number() })
  .transform(({ cyclesAbove, active }) => ({ cyclesAbove, active: active === 1 }));
const bytes = z.instanceof(Uint8Array);
const loadsRow = z
  .object({ by: z.enum(LOAD_MEASURES), ids: bytes, numbers: bytes })
  .transform(({ by, ids, numbers }) => ({
    by,
    // Copies begin where arrays of eight bytes may begin.
    ids: new BigUint64Array(ids.slice().buffer),
    numbers: new Float64Array(numbers.slice().buffer),
  }));

/** The part of the store that keeps what was learned of loads. */
export function createLoadStore(database: Database): LoadStore {
  return {
    loadMemory: () => database.first(memoryRow, 'SELECT * FROM load_memory'),
    saveLoadMemory({ cyclesAbove, active }) {
      database.insert('load_memory', { only: 1, cyclesAbove, active: Number(active) }, 'REPLACE');
    },
    savedLoads: () => database.first(loadsRow, 'SELECT * FROM loads'),
    saveLoads({ by, ids, numbers }) {
      const packed = { ids: new Uint8Array(ids.buffer), numbers: new Uint8Array(numbers.buffer) };
      database.insert('loads', { only: 1, by, ...packed }, 'REPLACE');
    },
  };
}
