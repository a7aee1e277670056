import { OperatingError } from '../../domain/errors.ts';
import { WORKLOADS } from '../cluster/model.ts';
import type { SimulatedCluster } from '../cluster/cluster.ts';
import type { SimRequest } from './http.ts';

interface ControlAnswer {
  readonly status: number;
  readonly json: string;
}

type Fields = Readonly<Record<string, unknown>>;
type Action = (cluster: SimulatedCluster, fields: Fields) => unknown;

const ACTIONS: Readonly<Record<string, Action>> = {
  'add-datanode': (cluster, fields) => ({
    id: cluster.addDatanode(
      optionalText(fields, 'id'),
      WORKLOADS.find((workload) => workload === fields['workload']),
    ),
  }),
  'kill-datanode': (cluster, fields) => cluster.killDatanode(text(fields, 'id')),
  'revive-datanode': (cluster, fields) => cluster.reviveDatanode(text(fields, 'id')),
  'create-table': (cluster, fields) => {
    const schema = optionalText(fields, 'schema') ?? 'public';
    const table = cluster.createTable({
      name: text(fields, 'name'),
      schema,
      regions: count(fields, 'regions'),
    });
    return { id: String(table.id) };
  },
  'drop-table': (cluster, fields) => ({ gone: cluster.dropTable(text(fields, 'name')) }),
  'move-region': (cluster, fields) =>
    cluster.moveRegionBehindTheScenes(text(fields, 'region'), text(fields, 'to')),
  faults: (cluster, fields) => cluster.faults.set(text(fields, 'faults')),
  'leader-change': (cluster) => cluster.changeLeader(),
  maintenance: (cluster, fields) => cluster.setMaintenance(flag(fields, 'enabled')),
  procedures: (cluster, fields) => cluster.pauseProcedures(flag(fields, 'paused')),
};

/** The remote control of a served cluster: `POST /control/<action>` with a JSON object, `GET /control/state`. */
export function answerControl(
  cluster: SimulatedCluster,
  { method, path, body }: Pick<Required<SimRequest>, 'method' | 'path' | 'body'>,
): ControlAnswer {
  const isState = path === '/control/state';
  const action = path.startsWith('/control/') ? ACTIONS[path.slice('/control/'.length)] : undefined;
  if (!isState && !action) {
    const known = Object.keys(ACTIONS).join(', ');
    return refusal(404, 'not-found', `no such control; known: GET state, POST ${known}`);
  }
  const wanted = isState ? 'GET' : 'POST';
  if (method !== wanted) return refusal(405, 'method-not-allowed', `wanted ${wanted}`);
  try {
    const result = action ? (action(cluster, fieldsOf(body)) ?? {}) : stateSummary(cluster);
    return { status: 200, json: JSON.stringify(result) };
  } catch (error) {
    if (error instanceof OperatingError) return refusal(400, error.code, error.message);
    throw error;
  }
}

function refusal(status: number, code: string, message: string): ControlAnswer {
  return { status, json: JSON.stringify({ error: { code, message } }) };
}

function fieldsOf(body: string): Fields {
  if (body.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    throw wrong('the body is not JSON');
  }
  throw wrong('the body is not a JSON object');
}

function text(fields: Fields, name: string): string {
  return optionalText(fields, name) ?? unreadable(fields, name, 'a text');
}

/** Ids may come as numbers too. */
function optionalText(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === 'string') return value;
  return typeof value === 'number' && Number.isSafeInteger(value)
    ? String(value)
    : unreadable(fields, name, 'a text');
}

function count(fields: Fields, name: string): number {
  const value = fields[name];
  return typeof value === 'number' ? value : unreadable(fields, name, 'a number');
}

function flag(fields: Fields, name: string): boolean {
  const value = fields[name];
  return typeof value === 'boolean' ? value : unreadable(fields, name, 'true or false');
}

function unreadable(fields: Fields, name: string, wanted: string): never {
  throw wrong(`${name}: found ${JSON.stringify(fields[name] ?? null)}, wanted ${wanted}`);
}

function wrong(detail: string): OperatingError {
  return new OperatingError('bad-request', `Simulator control: ${detail}`);
}

const SHOWN_EVENTS = 50;

/** The truth about a cluster, for `GET /control/state`. */
function stateSummary(cluster: SimulatedCluster): Record<string, unknown> {
  const regions = cluster.regionsPerDatanode();
  return {
    version: cluster.profile.version,
    nowMs: cluster.nowMs,
    metasrvLeader: cluster.metasrvLeader,
    datanodes: [...cluster.truth.datanodes.values()].map(({ id, addr, diedAtMs }) => {
      return { id, addr, status: diedAtMs === null ? 'alive' : 'dead', regions: regions.get(id) ?? 0 };
    }),
    tables: cluster.truth.sortedTables().map(({ id, catalog, schema, name, engine, kind, routes }) => {
      return { id: String(id), name: `${catalog}.${schema}.${name}`, engine, kind, regions: routes.length };
    }),
    migrations: cluster.migrationsUnderWay,
    faults: cluster.faults.active,
    events: cluster.journal.slice(-SHOWN_EVENTS),
  };
}
