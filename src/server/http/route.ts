import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { checkValue } from '../../domain/schema-problems.ts';
import type { AccessLevel } from './access.ts';
import { HttpError } from './errors.ts';
import type { MaybePromise } from '../api/ports.ts';

export const JSON_TYPE = 'application/json; charset=utf-8';

/** A body that does not depend on who asks. */
export interface Content {
  readonly kind: 'content';
  readonly body: string | Buffer;
  readonly type: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly etag?: string;
  /** The body compressed, for clients that take gzip; needs an etag. */
  readonly gzip?: (() => MaybePromise<Buffer>) | undefined;
}

/** What goes back, apart from errors. */
export type Answer =
  | { readonly kind: 'json'; readonly status?: number; readonly value: unknown }
  | Content
  | { readonly kind: 'event-stream'; readonly lastEventId: string | undefined };

/** A request as the routes see it. */
export interface RawRequest {
  /** The values of the path's places. */
  readonly path: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string;
}

/** One documented answer. */
export interface AnswerDescription {
  readonly description: string;
  readonly type: 'application/json' | 'text/plain' | 'text/html' | 'text/event-stream';
  readonly schema?: z.ZodType;
}

/** A route: what runs and what is documented, in one place. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** As OpenAPI writes it: `/api/v1/explain/{kind}/{id}`. */
  readonly path: string;
  readonly access: AccessLevel;
  readonly summary: string;
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** What it takes; anything else is ignored. */
  readonly input: Input | undefined;
  handle(request: RawRequest): MaybePromise<Answer>;
}

interface Input<Value = unknown> {
  readonly from: 'path' | 'query' | 'body';
  readonly schema: z.ZodType<Value>;
}

interface RouteDefinition<Value> extends Omit<Route, 'input' | 'handle'> {
  readonly input?: Input<Value> | undefined;
  readonly handle: (input: Value, request: RawRequest) => MaybePromise<Answer>;
}

/** A route whose handler gets what the schema lets through. */
export function route<Value = object>({ input, handle, ...rest }: RouteDefinition<Value>): Route {
  const { from, schema } = input ?? (NOTHING as Input<Value>);
  return { ...rest, input, handle: (request) => handle(parseInput(schema, request[from], from), request) };
}

const NOTHING: Input = { from: 'query', schema: z.looseObject({}) };

/**
 * @param what `query`, `body` or `path`, for the message.
 * @throws HttpError 400 that names the fields that are wrong, up to ten.
 */
function parseInput<Output>(schema: z.ZodType<Output>, value: unknown, what: string): Output {
  const checked = checkValue(schema, value);
  if ('value' in checked) return checked.value;
  throw new HttpError(400, 'bad-request', `Wrong ${what}: ${checked.problems.slice(0, 10).join('; ')}`);
}

/** An answer in JSON, for the documentation. */
export function jsonAnswer(description: string, schema?: z.ZodType): AnswerDescription {
  return schema
    ? { description, type: 'application/json', schema }
    : { description, type: 'application/json' };
}
