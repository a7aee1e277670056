import type { Profile } from '../profiles.ts';

const SQL_CODES = {
  unsupported: 1001,
  unexpected: 1002,
  internal: 1003,
  invalidArguments: 1004,
  databaseExists: 1004,
  syntax: 2000,
  plan: 3000,
  tableExists: 4000,
  tableNotFound: 4001,
  databaseNotFound: 4004,
  regionNotReady: 4008,
  passwordMismatch: 7002,
  authHeaderNotFound: 7003,
  invalidAuthHeader: 7004,
  permissionDenied: 7006,
} as const;

/** An error as the frontend's HTTP API tells it. */
export class SqlError extends Error {
  readonly code: number;

  constructor(kind: keyof typeof SQL_CODES, message: string) {
    super(message);
    this.name = 'SqlError';
    this.code = SQL_CODES[kind];
  }
}

/** HTTP status of an error code (GreptimeDB src/servers/src/error.rs). 0.7 and 0.8 answer 401 for 7006. */
export function httpStatusOf(code: number, { oldStatusMap, errorsAre200 }: Profile): number {
  const isAuth = code >= 7_002 && code <= 7_004;
  if (errorsAre200 && !isAuth) return 200;
  if (code === SQL_CODES.unexpected || code === SQL_CODES.internal) return 500;
  if (code === SQL_CODES.permissionDenied) return oldStatusMap ? 401 : 403;
  if (code === SQL_CODES.regionNotReady) return 503;
  return isAuth ? 401 : 400;
}

export function syntaxError(detail: string): SqlError {
  return new SqlError('syntax', `Invalid SQL syntax: sql parser error: ${detail}`);
}

export function notAuthorized(): SqlError {
  return new SqlError('permissionDenied', 'User is not authorized to perform this action');
}

export function unsupportedStatement(keyword: string): SqlError {
  return new SqlError('unsupported', `SQL statement is not supported, keyword: ${keyword}`);
}

export function planError(detail: string): SqlError {
  return new SqlError('plan', `Failed to plan SQL: Error during planning: ${detail}`);
}
