import type { ClusterCore, SimFrontend, SimUser } from '../cluster/core.ts';
import { JSON_TYPE, respond } from '../serve/http.ts';
import type { SimRequest, SimResponse } from '../serve/http.ts';
import { httpStatusOf, SQL_CODES, SqlError } from './errors.ts';
import { execute } from './execute.ts';
import { parseSql } from './parse.ts';
import { encodeResult } from './result-set.ts';
import type { InformationTable } from './tables/information-table.ts';

const EXECUTION_MS = 1;
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** Answers a request to a frontend's HTTP port. */
export function answerFrontend(
  core: ClusterCore,
  frontend: SimFrontend,
  tables: ReadonlyMap<string, InformationTable>,
  request: SimRequest,
): SimResponse {
  if (request.path !== '/v1/sql') return respond(404, '');
  if (request.method !== 'GET' && request.method !== 'POST') return respond(405, '');
  try {
    return respond(200, runRequest(core, frontend, tables, request), {
      ...JSON_TYPE,
      'x-greptime-format': 'greptimedb_v1',
      'x-greptime-execution-time': String(EXECUTION_MS),
    });
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return errorAnswer(core, error);
  }
}

function runRequest(
  core: ClusterCore,
  frontend: SimFrontend,
  tables: ReadonlyMap<string, InformationTable>,
  request: SimRequest,
): string {
  const user = authenticate(core, request);
  const parameters = readParameters(core, request);
  const sql = parameters.get('sql');
  if (sql === undefined) throw new SqlError(SQL_CODES.invalidArguments, 'sql parameter is required.');
  const { catalog, schema } = database(core, parameters.get('db') ?? 'public');
  const caller = { target: request.target, catalog, readOnly: user?.readOnly ?? false };
  const session = { core, frontend, tables, caller, schema };
  return encodeResult(execute(session, parseSql(sql)), core.profile.sql, EXECUTION_MS);
}

/** Query string before form body; `db` also from its header. */
function readParameters(core: ClusterCore, request: SimRequest): Map<string, string> {
  const isForm = request.headers?.['content-type']?.startsWith(FORM_TYPE) ?? false;
  const form = isForm ? new Map(new URLSearchParams(request.body ?? '')) : new Map<string, string>();
  if (!core.profile.sql.dbInForm) form.delete('db');
  const headerDb = request.headers?.['x-greptime-db-name'];
  const fromHeader = headerDb === undefined ? [] : [['db', headerDb] as const];
  return new Map([...fromHeader, ...form, ...new URLSearchParams(request.query ?? '')]);
}

/** `catalog-schema` or a schema of the catalog `greptime`. All but information_schema are looked up in metasrv's store. */
function database(core: ClusterCore, db: string): { catalog: string; schema: string } {
  const dash = db.indexOf('-');
  const [catalog, schema] = dash < 0 ? ['greptime', db] : [db.slice(0, dash), db.slice(dash + 1)];
  if (core.meta.leader === null && schema !== 'information_schema')
    throw new SqlError(SQL_CODES.internal, `Error checking database: ${db}, Internal error: 1003`);
  if (core.state.hasCatalog(catalog) && core.state.schemasOf(catalog).includes(schema))
    return { catalog, schema };
  throw new SqlError(SQL_CODES.databaseNotFound, `Database not found: ${db}`);
}

function authenticate(core: ClusterCore, request: SimRequest): SimUser | undefined {
  if (core.users.length === 0) return undefined;
  const header = request.headers?.['x-greptime-auth'] ?? request.headers?.['authorization'];
  if (header === undefined)
    throw new SqlError(SQL_CODES.authHeaderNotFound, 'Not found http or grpc authorization header');
  const [, encoded] = /^Basic (.+)$/i.exec(header) ?? [];
  if (encoded === undefined)
    throw new SqlError(SQL_CODES.invalidAuthHeader, 'Invalid http authorization header');
  const [, username = '', password = ''] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  const user = core.users.find((known) => known.username === username && known.password === password);
  if (user) return user;
  throw new SqlError(
    SQL_CODES.passwordMismatch,
    `Username and password does not match, username: ${username}`,
  );
}

function errorAnswer(core: ClusterCore, { code, message }: SqlError): SimResponse {
  const facts = core.profile.sql;
  const body = JSON.stringify({ code, error: message, execution_time_ms: 0 });
  const headers = facts.errorMessageHeader
    ? { 'x-greptime-err-msg': `error: ${asHeader(message)}, execution_time_ms: 0` }
    : { 'x-greptime-execution-time': '0' };
  return respond(httpStatusOf(code, facts), body, {
    ...JSON_TYPE,
    'x-greptime-err-code': String(code),
    ...headers,
  });
}

/** Header values are printable ASCII. */
function asHeader(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, ' ');
}
