import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { checkValue } from '../../domain/schema-problems.ts';
import type { AccessLevel } from './access.ts';
import { HttpError } from './errors.ts';
import type { JsonBody } from './large-json.ts';
import type { MaybePromise } from '../api/ports.ts';

/** What goes back, apart from errors. */
export type Answer =
  | { readonly kind: 'json'; readonly status?: number; readonly value: unknown }
  | { readonly kind: 'json-body'; readonly body: JsonBody }
  | {
      readonly kind: 'content';
      readonly body: string | Buffer;
      readonly type: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly etag?: string;
      /** The body compressed, for clients that take gzip; needs an etag. */
      readonly gzip?: Buffer | undefined;
    }
  | { readonly kind: 'event-stream'; readonly lastEventId: string | undefined };

/** A request as the routes see it. */
export interface RawRequest {
  readonly params: unknown;
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
  readonly params: z.ZodType | undefined;
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  handle(request: RawRequest): MaybePromise<Answer>;
}

interface RouteDefinition<Params, Query, Body> {
  readonly method: Route['method'];
  readonly path: string;
  readonly access: AccessLevel;
  readonly summary: string;
  readonly answers: Route['answers'];
  readonly params?: z.ZodType<Params>;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly handle: (input: {
    readonly params: Params;
    readonly query: Query;
    readonly body: Body;
    readonly request: RawRequest;
  }) => MaybePromise<Answer>;
}

/** A route whose handler gets what the schemas let through. A route without schema for the query ignores it. */
export function route<Params = object, Query = object, Body = object>(
  definition: RouteDefinition<Params, Query, Body>,
): Route {
  const { params, query, body, handle, ...rest } = definition;
  return {
    ...rest,
    params,
    query,
    body,
    handle: (request) =>
      handle({
        params: parseInput((params ?? nothing) as z.ZodType<Params>, request.params, 'path'),
        query: parseInput((query ?? nothing) as z.ZodType<Query>, request.query, 'query'),
        body: parseInput((body ?? nothing) as z.ZodType<Body>, request.body ?? {}, 'body'),
        request,
      }),
  };
}

const nothing = z.looseObject({});

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
