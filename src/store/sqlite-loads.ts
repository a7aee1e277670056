import { z } from 'zod';
import { LOAD_MEASURES } from '../domain/load.ts';
import type { LoadStore } from './port.ts';
import type { Database } from './sqlite-database.ts';

const MEMORY_ROW = z
  .object({ cycles_above: z.number(), active: z.number() })
  .transform((row) => ({ cyclesAbove: row.cycles_above, active: row.active === 1 }));
const bytes = z.instanceof(Uint8Array);
const LOADS_ROW = z
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
    loadMemory: () => database.first(MEMORY_ROW, 'SELECT * FROM load_memory'),
    saveLoadMemory({ cyclesAbove, active }) {
      const values = [cyclesAbove, Number(active)];
      database.run(
        'INSERT OR REPLACE INTO load_memory (only, cycles_above, active) VALUES (1, ?, ?)',
        values,
      );
    },
    savedLoads: () => database.first(LOADS_ROW, 'SELECT * FROM loads'),
    saveLoads({ by, ids, numbers }) {
      const values = [by, new Uint8Array(ids.buffer), new Uint8Array(numbers.buffer)];
      database.run('INSERT OR REPLACE INTO loads (only, by, ids, numbers) VALUES (1, ?, ?, ?)', values);
    },
  };
}
