import type { ClusterCore, SimFrontend, SimUser } from '../cluster/core.ts';
import { JSON_TYPE, respond } from '../serve/http.ts';
import type { SimRequest, SimResponse } from '../serve/http.ts';
import { httpStatusOf, SqlError } from './errors.ts';
import { encodeResult } from './result-set.ts';
import type { Session } from './session.ts';
import { parseSql } from './statements.ts';

const EXECUTION_MS = 1;
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** Answers a request to a frontend's HTTP port. */
export function answerFrontend(core: ClusterCore, frontend: SimFrontend, request: SimRequest): SimResponse {
  if (request.path !== '/v1/sql') return respond(404, '');
  if (request.method !== 'GET' && request.method !== 'POST') return respond(405, '');
  try {
    return respond(200, runRequest(core, frontend, request), {
      ...JSON_TYPE,
      'x-greptime-format': 'greptimedb_v1',
      'x-greptime-execution-time': String(EXECUTION_MS),
    });
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return errorAnswer(core, error);
  }
}

function runRequest(core: ClusterCore, frontend: SimFrontend, request: SimRequest): string {
  const readOnly = authenticate(core, request)?.readOnly ?? false;
  const parameters = readParameters(core, request);
  const sql = parameters.get('sql');
  if (sql === undefined) throw new SqlError('invalidArguments', 'sql parameter is required.');
  const database = databaseNamed(core, parameters.get('db') ?? 'public');
  const session: Session = { core, frontend, target: request.target, ...database, readOnly };
  return encodeResult(parseSql(sql)(session), core.profile, EXECUTION_MS);
}

/** Query string before form body; `db` also from its header. */
function readParameters(core: ClusterCore, { headers = {}, body, query }: SimRequest): Map<string, string> {
  const isForm = headers['content-type']?.startsWith(FORM_TYPE) ?? false;
  const form = new Map(new URLSearchParams(isForm ? (body ?? '') : ''));
  if (!core.profile.dbInForm) form.delete('db');
  const headerDb = headers['x-greptime-db-name'];
  const fromHeader = headerDb === undefined ? [] : [['db', headerDb] as const];
  return new Map([...fromHeader, ...form, ...new URLSearchParams(query ?? '')]);
}

/** `catalog-schema` or a schema of the catalog `greptime`. All but information_schema are looked up in metasrv's store. */
function databaseNamed(core: ClusterCore, db: string): { catalog: string; schema: string } {
  const dash = db.indexOf('-');
  const [catalog, schema] = dash < 0 ? ['greptime', db] : [db.slice(0, dash), db.slice(dash + 1)];
  if (core.meta.leader === null && schema !== 'information_schema')
    throw new SqlError('internal', `Error checking database: ${db}, Internal error: 1003`);
  if (core.state.hasCatalog(catalog) && core.state.schemasOf(catalog).includes(schema))
    return { catalog, schema };
  throw new SqlError('databaseNotFound', `Database not found: ${db}`);
}

function authenticate(core: ClusterCore, { headers = {} }: SimRequest): SimUser | undefined {
  if (core.users.length === 0) return undefined;
  const header = headers['x-greptime-auth'] ?? headers['authorization'];
  if (header === undefined)
    throw new SqlError('authHeaderNotFound', 'Not found http or grpc authorization header');
  const [, encoded] = /^Basic (.+)$/i.exec(header) ?? [];
  if (encoded === undefined) throw new SqlError('invalidAuthHeader', 'Invalid http authorization header');
  const [, username = '', password = ''] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  const user = core.users.find((known) => known.username === username && known.password === password);
  if (user) return user;
  const text = `Username and password does not match, username: ${username}`;
  throw new SqlError('passwordMismatch', text);
}

function errorAnswer({ profile }: ClusterCore, { code, message }: SqlError): SimResponse {
  const body = JSON.stringify({ code, error: message, execution_time_ms: 0 });
  const printable = message.replace(/[^\x20-\x7e]/g, ' ');
  return respond(httpStatusOf(code, profile), body, {
    ...JSON_TYPE,
    'x-greptime-err-code': String(code),
    ...(profile.errorMessageHeader
      ? { 'x-greptime-err-msg': `error: ${printable}, execution_time_ms: 0` }
      : { 'x-greptime-execution-time': '0' }),
  });
}
