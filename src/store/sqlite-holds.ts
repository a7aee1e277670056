import { z } from 'zod';
import type { RegionId } from '../domain/ids.ts';
import type { MoveRecord } from '../domain/move.ts';
import type { Rest } from '../domain/policy.ts';
import { datanodeFailures, quarantineRecord } from './port.ts';
import type { DatanodeFailures, HoldStore, MoveEffects } from './port.ts';
import type { Database } from './sqlite-database.ts';

const rest = z.object({ regionId: z.string(), untilMs: z.number() });

/** Ids are canonical decimals: the shorter is the smaller. */
const BY_REGION = 'ORDER BY length(region_id), region_id';

/** The part of the store that keeps cooldowns and quarantine. */
export function createHoldStore(database: Database): HoldStore {
  return {
    memory: (nowMs) => ({
      cooldowns: listHolds(database, 'cooldowns', nowMs),
      quarantine: listHolds(database, 'quarantine', nowMs),
      datanodes: listDatanodeRests(database, nowMs),
    }),
    cooldownUntil: (regionId, nowMs) =>
      database.first(rest, 'SELECT * FROM cooldowns WHERE region_id = ? AND until_ms > ?', [regionId, nowMs])
        ?.untilMs,
    releaseCooldown: (regionId) =>
      database.run('DELETE FROM cooldowns WHERE region_id = ?', [regionId]).changes > 0,
    quarantineOf: (regionId) =>
      database.first(quarantineRecord, 'SELECT * FROM quarantine WHERE region_id = ?', [regionId]),
    listQuarantine: (nowMs) =>
      database.all(quarantineRecord, `SELECT * FROM quarantine WHERE until_ms > ? ${BY_REGION}`, [nowMs]),
    releaseQuarantine: (regionId) => liftQuarantine(database, regionId),
    limitHolds: ({ cooldownMs, quarantineMs }, nowMs) =>
      database.transaction(() => {
        const limit = (table: string, mostMs: number): number =>
          database.run(`UPDATE ${table} SET until_ms = ?1 WHERE until_ms > ?1`, [nowMs + mostMs]).changes;
        return (
          limit('cooldowns', cooldownMs) +
          limit('quarantine', quarantineMs) +
          limit('datanode_failures', quarantineMs) +
          database.run(
            'UPDATE pause SET until_ms = ?1 + until_ms - at_ms, at_ms = ?1 WHERE at_ms > ?1 AND until_ms IS NOT NULL',
            [nowMs],
          ).changes
        );
      }),
    importHolds: ({ cooldowns, quarantine, datanodes }) =>
      database.transaction(() => {
        for (const { regionId, untilMs } of cooldowns) setCooldown(database, regionId, untilMs);
        for (const { regionId, failures, untilMs, detail } of quarantine)
          database.insert('quarantine', { regionId, failures, untilMs, detail }, 'REPLACE');
        for (const { datanode, role, failures, sinceMs, untilMs, detail } of datanodes) {
          const fields = { datanode, role, failures, sinceMs, untilMs, detail };
          database.insert('datanode_failures', fields, 'REPLACE');
        }
      }),
    datanodeFailures: (datanode, role) =>
      database.first(datanodeFailures, 'SELECT * FROM datanode_failures WHERE datanode = ? AND role = ?', [
        datanode,
        role,
      ]),
    listDatanodeRests: (nowMs) => listDatanodeRests(database, nowMs),
    restDatanode: ({ datanode, role, untilMs }, acquitted, isExplained) =>
      database.transaction(() => {
        database.run('UPDATE datanode_failures SET until_ms = ? WHERE datanode = ? AND role = ?', [
          ...[untilMs, datanode, role],
        ]);
        for (const regionId of acquitted) liftQuarantine(database, regionId);
        if (isExplained)
          database.run("UPDATE counters SET value = value - 1 WHERE name = 'failure-run' AND value > 0");
      }),
    releaseDatanode: (datanode) =>
      database.run('DELETE FROM datanode_failures WHERE datanode = ?', [datanode]).changes > 0,
  };
}

/** Carries out what the end of a move brings about. Call it inside the transaction that ends the move. */
export function applyEffects(
  database: Database,
  { regionId, from, to }: Pick<MoveRecord, 'regionId' | 'from' | 'to'>,
  effects: MoveEffects,
): void {
  if (effects.cooldownUntilMs !== undefined) setCooldown(database, regionId, effects.cooldownUntilMs);
  if (effects.quarantine === 'lift') liftQuarantine(database, regionId);
  else if (effects.quarantine) {
    database.run(
      `INSERT INTO quarantine (region_id, failures, until_ms, detail) VALUES (?1, 1, ?2, ?3)
       ON CONFLICT (region_id) DO UPDATE SET failures = failures + 1, until_ms = ?2, detail = ?3`,
      [regionId, effects.quarantine.untilMs, effects.quarantine.detail],
    );
  }
  for (const [datanode, role] of [
    [from, 'source'],
    [to, 'target'],
  ] as const) {
    if (effects.datanodes === 'forget')
      database.run('DELETE FROM datanode_failures WHERE datanode = ? AND role = ?', [datanode, role]);
    else if (effects.datanodes)
      database.run(
        `INSERT INTO datanode_failures VALUES (?1, ?2, 1, ?3, 0, ?4)
         ON CONFLICT (datanode, role) DO UPDATE SET failures = failures + 1, detail = ?4`,
        [datanode, role, effects.datanodes.atMs, effects.datanodes.detail],
      );
  }
  if (effects.failureRun === 'reset') resetFailureRun(database);
  if (effects.failureRun === 'add') {
    database.run(
      "INSERT INTO counters (name, value) VALUES ('failure-run', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
    );
  }
}

export function readFailureRun(database: Database): number {
  return database.value(z.number(), "SELECT value FROM counters WHERE name = 'failure-run'") ?? 0;
}

export function resetFailureRun(database: Database): void {
  database.run("DELETE FROM counters WHERE name = 'failure-run'");
}

function setCooldown(database: Database, regionId: RegionId, untilMs: number): void {
  database.insert('cooldowns', { regionId, untilMs }, 'REPLACE');
}

function liftQuarantine(database: Database, regionId: RegionId): boolean {
  return database.run('DELETE FROM quarantine WHERE region_id = ?', [regionId]).changes > 0;
}

function listHolds(database: Database, table: 'cooldowns' | 'quarantine', nowMs: number): Rest[] {
  const sql = `SELECT region_id, until_ms FROM ${table} WHERE until_ms > ? ${BY_REGION}`;
  return database.all(rest, sql, [nowMs]);
}

function listDatanodeRests(database: Database, nowMs: number): DatanodeFailures[] {
  const sql = 'SELECT * FROM datanode_failures WHERE until_ms > ? ORDER BY length(datanode), datanode, role';
  return database.all(datanodeFailures, sql, [nowMs]);
}
