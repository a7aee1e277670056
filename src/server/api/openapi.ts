import { z } from 'zod';
import type { AnswerDescription, Route } from '../http/route.ts';
import { jsonAnswer, route } from '../http/route.ts';
import { errorSchema } from './answers.ts';

type JsonObject = Readonly<Record<string, unknown>>;

const ERROR: AnswerDescription = jsonAnswer('An error.', errorSchema);

/** The route that serves the description of all others and itself. */
export function openApiRoute(version: string, others: readonly Route[]): Route {
  const self = route({
    method: 'GET',
    path: '/api/v1/openapi.json',
    access: 'read',
    summary: 'This document.',
    answers: { 200: jsonAnswer('An OpenAPI 3.1 document.') },
    handle: () => ({ kind: 'json', value: document }),
  });
  const document = createOpenApi(version, [...others, self]);
  return self;
}

/** Describes routes as an OpenAPI 3.1 document. */
function createOpenApi(version: string, routes: readonly Route[]): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const each of routes) {
    const operations = (paths[each.path] ??= {});
    operations[each.method.toLowerCase()] = operationOf(each);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'greptime-rebalancer',
      version,
      description:
        'The rebalancer of region leaders for GreptimeDB: what it sees, plans and does, and how to stop it.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  };
}

function operationOf(each: Route): JsonObject {
  const { input } = each;
  const answers = Object.entries({ ...each.answers, default: ERROR }).map(([status, answer]) => [
    status,
    answerOf(answer),
  ]);
  return {
    summary: each.summary,
    ...(each.access === 'open' ? {} : { security: [{ token: [] }, {}] }),
    ...(input && describeInput(input)),
    responses: Object.fromEntries(answers),
  };
}

// Fields that are read by a function say by themselves what they are.
function answerOf({ description, type, schema }: AnswerDescription): JsonObject {
  const content = schema ? { schema: z.toJSONSchema(schema, { unrepresentable: 'any' }) } : {};
  return { description, content: { [type]: content } };
}

function describeInput({ from, schema }: NonNullable<Route['input']>): JsonObject {
  const described = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  if (from === 'body') return { requestBody: { content: { 'application/json': { schema: described } } } };
  const { properties = {}, required = [] } = described;
  const parameters = Object.entries(properties).map(([name, property]) => ({
    name,
    in: from,
    required: required.includes(name),
    schema: property,
  }));
  return { parameters };
}
