import { z } from 'zod';
import type { RegionId } from '../../domain/ids.ts';
import { parsedOrUndefined } from '../../lib/json.ts';
import { malformed } from '../call-error.ts';
import type { ProcedureReading, RegionProcedure } from '../port.ts';
import { amountOf, optionalText } from '../wire.ts';
import type { SqlRows } from './result.ts';

const ENDED: ReadonlySet<string> = new Set(['done', 'failed', 'poisoned']);
/** Lock keys as Rust prints them: `Exclusive("__region_lock/4398046511105")`. A shared lock keeps a migration waiting as well. */
const REGION_LOCK = /__region_lock\/(\d{1,20})\b/g;

export interface ProcedureRow extends RegionProcedure {
  /** ms since 1970; 0 while it has not ended. */
  readonly endedAtMs: number;
}

/** Reads `information_schema.procedure_info` (0.9.4 and later): whatever holds or waits for a region's lock. */
export async function readProcedures(rows: SqlRows): Promise<ProcedureRow[]> {
  const [id, type, status] = [rows.text('procedure_id'), rows.text('procedure_type'), rows.text('status')];
  const locks = rows.column('lock_keys', 'a string', (cell = null) =>
    cell === null ? '' : typeof cell === 'string' ? cell : undefined,
  );
  const [start, end] = [rows.find('start_time'), rows.find('end_time')];
  const procedures: ProcedureRow[] = [];
  await rows.each((row) => {
    const regionIds = [...new Set(Array.from(locks(row).matchAll(REGION_LOCK), (match) => match[1]!))];
    const isRegionMigration = /RegionMigration\b/i.test(type(row));
    if (regionIds.length === 0 && !isRegionMigration) return;
    procedures.push({
      procedureId: id(row).toLowerCase(),
      type: type(row),
      isRegionMigration,
      active: !ENDED.has(status(row).toLowerCase()),
      regionIds,
      status: status(row),
      startedAtMs: amountOf(start(row)) ?? 0,
      endedAtMs: amountOf(end(row)) ?? 0,
    });
  });
  return procedures;
}

/** The regions that unfinished procedures hold or wait for. */
export function heldRegions(procedures: readonly RegionProcedure[]): ReadonlySet<RegionId> {
  return new Set(procedures.filter(({ active }) => active).flatMap(({ regionIds }) => regionIds));
}

/** When the last migration of each region ended, by metasrv's clock. They are listed for 10 to 20 minutes. */
export function lastMigrationEnds(procedures: readonly ProcedureRow[]): ReadonlyMap<RegionId, number> {
  const ends = new Map<RegionId, number>();
  for (const { isRegionMigration, active, regionIds, endedAtMs } of procedures) {
    if (!isRegionMigration || active || endedAtMs === 0) continue;
    for (const id of regionIds) ends.set(id, Math.max(ends.get(id) ?? 0, endedAtMs));
  }
  return ends;
}

const STATES: Readonly<Record<string, Extract<ProcedureReading, { kind: 'active' | 'ended' }>>> = {
  running: { kind: 'active', status: 'running' },
  retrying: { kind: 'active', status: 'retrying' },
  preparerollback: { kind: 'active', status: 'rolling-back' },
  rollingback: { kind: 'active', status: 'rolling-back' },
  done: { kind: 'ended', status: 'done' },
  failed: { kind: 'ended', status: 'failed' },
  poisoned: { kind: 'ended', status: 'failed' },
  // A frontend older than metasrv does not know the word. Not an end that we could rely on.
  unknown: { kind: 'active', status: 'running', error: 'the frontend does not know the state' },
};

const procedureState = z.object({ status: z.string(), error: optionalText });

/**
 * Reads the cell of `procedure_state`: JSON text such as `{"status":"Failed","error":"…"}` (GreptimeDB
 * src/common/function/src/system/procedure_state.rs).
 *
 * @throws CallError
 */
export function readProcedureState(rows: SqlRows): ProcedureReading {
  const cell = rows.first?.[0];
  const state = procedureState.safeParse(typeof cell === 'string' ? parsedOrUndefined(cell) : cell).data;
  if (!state) throw malformed(rows.where, 'the first cell', 'a JSON object with a status', cell);
  const reading = STATES[state.status.toLowerCase().replace(/[^a-z]/g, '')];
  if (!reading) throw malformed(rows.where, 'status', 'a procedure state', state.status);
  return state.error === '' ? reading : { ...reading, error: state.error };
}
