import { BLOCKER_CODES, MOVE_REASON_CODES } from './codes.ts';
import {
  checkFormatVersion,
  checkUnique,
  parseFileText,
  readAmount,
  readDateTime,
  readId,
  readList,
  readObject,
  readOneOf,
  readText,
  refuse,
} from './file-fields.ts';
import type { JsonObject, Place } from './file-fields.ts';
import type { Balance, Blocker, DatanodeBalance, Move, Plan } from './plan.ts';

/**
 * Reads a plan file. Fields that we do not know are ignored. Whether the file was changed by hand is not checked here: see
 * `planIdentity`.
 *
 * @throws UsageError that names the place: `moves[3].to: found "x", wanted a datanode id (decimal string)`.
 */
export function parsePlan(text: string): Plan {
  const document = readObject(parseFileText(text));
  checkFormatVersion(document, 'plan');
  const inputs = document['inputs'];
  return {
    formatVersion: 1,
    planId: readHash(document, 'planId'),
    ...(inputs !== undefined && { inputs: readInputs(inputs) }),
    createdAt: readDateTime(document, 'createdAt', []),
    snapshotTakenAt: readDateTime(document, 'snapshotTakenAt', []),
    objective: readOneOf(document['objective'], ['count'], 'objective'),
    moves: readMoves(document['moves']),
    minimumMoves: readCount(document['minimumMoves'], 'minimumMoves'),
    optimal: readFlag(document['optimal'], 'optimal'),
    before: readBalance(document['before'], 'before'),
    after: readBalance(document['after'], 'after'),
    blocked: readList(document['blocked'] ?? [], 'blocked').map(readBlocker),
  };
}

const HASH = /^sha256:[0-9a-f]{64}$/;

function readHash(object: JsonObject, key: string, ...place: Place): string {
  const value = object[key];
  if (typeof value === 'string' && HASH.test(value)) return value;
  return refuse([...place, key], value, '"sha256:" and 64 hexadecimal digits');
}

function readInputs(value: unknown): NonNullable<Plan['inputs']> {
  const inputs = readObject(value, 'inputs');
  return {
    snapshot: readHash(inputs, 'snapshot', 'inputs'),
    policy: readHash(inputs, 'policy', 'inputs'),
  };
}

function readMoves(value: unknown): Move[] {
  const moves = readList(value, 'moves').map(readMove);
  checkUnique(
    moves.map(({ regionId }) => regionId),
    'moves',
    'regionId',
  );
  return moves;
}

function readMove(value: unknown, index: number): Move {
  const place = ['moves', index] as const;
  const move = readObject(value, ...place);
  const seq = move['seq'];
  const from = readId(move['from'], 'datanode', ...place, 'from');
  const to = readId(move['to'], 'datanode', ...place, 'to');
  if (seq !== index + 1) refuse([...place, 'seq'], seq, `${index + 1}: moves are numbered from 1, in order`);
  if (to === from) refuse([...place, 'to'], to, `a datanode other than "from"`);
  return {
    seq: index + 1,
    regionId: readId(move['regionId'], 'region', ...place, 'regionId'),
    tableId: readId(move['tableId'], 'table', ...place, 'tableId'),
    table: readText(move, 'table', place),
    from,
    to,
    reason: readOneOf(move['reason'], MOVE_REASON_CODES, ...place, 'reason'),
    detail: readText(move, 'detail', place, ''),
  };
}

function readBalance(value: unknown, key: string): Balance {
  const balance = readObject(value, key);
  const amount = (field: string): number => readAmount(balance[field] ?? 0, key, field);
  return {
    tableSkewMax: readAmount(balance['tableSkewMax'], key, 'tableSkewMax'),
    nodeSkew: readAmount(balance['nodeSkew'], key, 'nodeSkew'),
    tableSpreadViolation: amount('tableSpreadViolation'),
    nodeSpreadViolation: amount('nodeSpreadViolation'),
    regionsOnDraining: amount('regionsOnDraining'),
    datanodes: readList(balance['datanodes'], key, 'datanodes').map((entry, index) =>
      readDatanode(entry, [key, 'datanodes', index]),
    ),
  };
}

const DATANODE_STATES = ['target', 'draining', 'cordoned', 'dead'] as const;

function readDatanode(value: unknown, place: Place): DatanodeBalance {
  const datanode = readObject(value, ...place);
  return {
    id: readId(datanode['id'], 'datanode', ...place, 'id'),
    regions: readCount(datanode['regions'], ...place, 'regions'),
    state: readOneOf(datanode['state'] ?? 'target', DATANODE_STATES, ...place, 'state'),
    weight: readCount(datanode['weight'] ?? 1, ...place, 'weight'),
  };
}

const BLOCKER_IDS = ['regionId', 'tableId', 'datanodeId'] as const;

function readBlocker(value: unknown, index: number): Blocker {
  const place = ['blocked', index] as const;
  const blocker = readObject(value, ...place);
  const ids: Partial<Record<(typeof BLOCKER_IDS)[number], string>> = {};
  for (const key of BLOCKER_IDS)
    if (blocker[key] !== undefined) ids[key] = readId(blocker[key], key.slice(0, -2), ...place, key);
  return {
    code: readOneOf(blocker['code'], BLOCKER_CODES, ...place, 'code'),
    ...ids,
    detail: readText(blocker, 'detail', place, ''),
  };
}

function readCount(value: unknown, ...place: Place): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  return refuse(place, value, 'a whole number of at least 0');
}

function readFlag(value: unknown, ...place: Place): boolean {
  return typeof value === 'boolean' ? value : refuse(place, value, 'true or false');
}

/** The plan as a file, in pieces of about 64 KiB: moves and blockers one a line, keys always in the same order. */
export function* planChunks(plan: Plan, expectedMs?: number): Generator<string, void, undefined> {
  const { formatVersion, planId, inputs, createdAt, snapshotTakenAt, objective } = plan;
  const head = { formatVersion, planId, ...(inputs && { inputs }), createdAt, snapshotTakenAt, objective };
  yield `{\n${properties(head)},\n`;
  yield* lines('moves', plan.moves, moveFields);
  const { minimumMoves, optimal, before, after } = plan;
  yield `,\n${properties({ minimumMoves, optimal, before: balanceFields(before), after: balanceFields(after) })},\n`;
  yield* lines('blocked', plan.blocked, blockerFields);
  if (expectedMs !== undefined) yield `,\n${properties({ expectedSeconds: Math.round(expectedMs / 1_000) })}`;
  yield '\n}\n';
}

/** All of {@link planChunks} as one text. */
export function formatPlan(plan: Plan): string {
  return [...planChunks(plan)].join('');
}

const CHUNK_CHARS = 65_536;

/** A property that is a list, one item a line. */
function* lines<T>(
  name: string,
  items: readonly T[],
  fields: (item: T) => JsonObject,
): Generator<string, void, undefined> {
  let chunk = `  "${name}": [`;
  for (const [index, item] of items.entries()) {
    chunk += `${index === 0 ? '' : ','}\n    ${JSON.stringify(fields(item))}`;
    if (chunk.length < CHUNK_CHARS) continue;
    yield chunk;
    chunk = '';
  }
  yield `${chunk}${items.length === 0 ? '' : '\n  '}]`;
}

function properties(object: JsonObject): string {
  return Object.entries(object)
    .map(([key, value]) => `  "${key}": ${JSON.stringify(value)}`)
    .join(',\n');
}

/** A move's fields in the order of the file, and no others. */
export function moveFields({ seq, regionId, tableId, table, from, to, reason, detail }: Move): JsonObject {
  return { seq, regionId, tableId, table, from, to, reason, detail };
}

function blockerFields({ code, regionId, tableId, datanodeId, detail }: Blocker): JsonObject {
  return {
    code,
    ...(regionId !== undefined && { regionId }),
    ...(tableId !== undefined && { tableId }),
    ...(datanodeId !== undefined && { datanodeId }),
    detail,
  };
}

function balanceFields(balance: Balance): JsonObject {
  const { tableSkewMax, nodeSkew, tableSpreadViolation, nodeSpreadViolation, regionsOnDraining } = balance;
  const datanodes = balance.datanodes.map(({ id, regions, state, weight }) => ({
    id,
    regions,
    state,
    weight,
  }));
  return { tableSkewMax, nodeSkew, tableSpreadViolation, nodeSpreadViolation, regionsOnDraining, datanodes };
}
