import { OperatingError, UsageError } from '../../domain/errors.ts';
import type { ErrorView } from '../api/answers.ts';

/** An answer that is not the wanted one: a status, a word for machines and a sentence for people. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The form of every error that leaves. */
export function errorBody({ code, message }: ErrorView['error']): ErrorView {
  return { error: { code, message } };
}

/** The codes of operating errors that the client can do something about. Others mean that we cannot serve now: 503. */
export const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  'unknown-datanode': 404,
  'not-draining': 409,
  'configured-drain': 409,
  'not-cordoned': 409,
  'configured-cordon': 409,
  'not-leader': 409,
};

/** fastify's own errors in our words. */
const FRAMEWORK_ERRORS: Readonly<Record<string, readonly [status: number, code: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'body-too-large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'unsupported-media-type'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'bad-request'],
  FST_ERR_BAD_URL: [400, 'bad-request'],
  FST_ERR_MAX_PARAM_LENGTH: [414, 'uri-too-long'],
};

/**
 * What to tell the client about anything that was thrown.
 *
 * @returns undefined for a defect of ours, of which the client learns nothing.
 */
export function toHttpError(error: unknown): HttpError | undefined {
  if (error instanceof HttpError) return error;
  if (error instanceof UsageError) return new HttpError(400, error.code, error.message);
  if (error instanceof OperatingError)
    return new HttpError(STATUS_OF_CODE[error.code] ?? 503, error.code, error.message);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = FRAMEWORK_ERRORS[code];
  if (known === undefined || !(error instanceof Error)) return undefined;
  const hint = known[0] === 415 ? '. Send the header Content-Type: application/json' : '';
  return new HttpError(known[0], known[1], `${error.message}${hint}`);
}

export const INTERNAL_ERROR = new HttpError(
  500,
  'internal',
  'The rebalancer met an unexpected error; its log tells more.',
);
