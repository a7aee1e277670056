import type { RegionId } from '../../domain/ids.ts';
import type { ProcedureReading, RegionProcedure } from '../port.ts';
import type { CallError } from '../caller.ts';
import { amountOf, isObject, malformed } from '../wire.ts';
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
  const at = {
    id: rows.require('procedure_id'),
    type: rows.require('procedure_type'),
    status: rows.require('status'),
    locks: rows.require('lock_keys'),
    start: rows.find('start_time'),
    end: rows.find('end_time'),
  };
  const procedures: ProcedureRow[] = [];
  await rows.each((row, index) => {
    const [id, type, status, locks] = [row[at.id], row[at.type], row[at.status], row[at.locks] ?? ''];
    if (typeof id !== 'string') throw rows.bad(index, 'procedure_id', 'a string', id);
    if (typeof type !== 'string') throw rows.bad(index, 'procedure_type', 'a string', type);
    if (typeof status !== 'string') throw rows.bad(index, 'status', 'a string', status);
    if (typeof locks !== 'string') throw rows.bad(index, 'lock_keys', 'a string', locks);
    const regionIds = [...new Set([...locks.matchAll(REGION_LOCK)].map((match) => match[1]!))];
    const isRegionMigration = /RegionMigration\b/i.test(type);
    if (regionIds.length === 0 && !isRegionMigration) return;
    procedures.push({
      procedureId: id.toLowerCase(),
      type,
      isRegionMigration,
      active: !ENDED.has(status.toLowerCase()),
      regionIds,
      status,
      startedAtMs: amountOf(row[at.start]) ?? 0,
      endedAtMs: amountOf(row[at.end]) ?? 0,
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

const STATES: Readonly<Record<string, ProcedureReading>> = {
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

/**
 * Reads the cell of `procedure_state`: JSON text such as `{"status":"Failed","error":"…"}` (GreptimeDB
 * src/common/function/src/system/procedure_state.rs).
 *
 * @throws CallError
 */
export function readProcedureState(rows: SqlRows): ProcedureReading {
  const cell = rows.first?.[0];
  const state = typeof cell === 'string' ? parseCell(cell) : cell;
  if (!isObject(state) || typeof state['status'] !== 'string')
    throw malformed(rows.where, 'the first cell', 'a JSON object with a status', cell);
  const reading = STATES[state['status'].toLowerCase().replace(/[^a-z]/g, '')];
  if (!reading) throw malformed(rows.where, 'status', 'a procedure state', state['status']);
  const error = state['error'];
  const hasError = typeof error === 'string' && error !== '';
  return hasError && (reading.kind === 'active' || reading.kind === 'ended')
    ? { ...reading, error }
    : reading;
}

function parseCell(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether an error of `procedure_state` means that metasrv does not know the id (any more, or yet). */
export function isProcedureUnknown(error: CallError): boolean {
  return /procedure not found/i.test(error.serverText);
}
