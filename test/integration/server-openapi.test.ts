import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { GATE_CODES } from '../../src/domain/codes.ts';
import { VERDICTS } from '../../src/server/api/answers.ts';
import { STATUS_OF_CODE } from '../../src/server/http/errors.ts';
import { ask, emitPlan, startTestServer as start } from '../support/server.ts';

let url: string;

beforeEach(async () => {
  const test = await start();
  ({ url } = test);
  emitPlan(test.bus);
});

const schemaShape = z.object({
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.boolean().optional(),
});
const operationShape = z.object({
  summary: z.string(),
  parameters: z.array(z.object({ name: z.string() })).optional(),
  requestBody: z.object({ content: z.record(z.string(), z.object({ schema: schemaShape })) }).optional(),
  responses: z.record(z.string(), z.unknown()),
});
const documentShape = z.object({
  openapi: z.string(),
  paths: z.record(z.string(), z.record(z.string(), operationShape)),
});

async function documentOf(): Promise<z.infer<typeof documentShape>> {
  return documentShape.parse(JSON.parse((await ask(`${url}/api/v1/openapi.json`)).text));
}

const PROMISED = [
  'GET /',
  'GET /api/v1/audit',
  'GET /api/v1/events',
  'GET /api/v1/explain/{kind}/{id}',
  'GET /api/v1/history',
  'GET /api/v1/matrix',
  'GET /api/v1/openapi.json',
  'GET /api/v1/plan',
  'GET /api/v1/quarantine',
  'GET /api/v1/queue',
  'GET /api/v1/regions',
  'GET /api/v1/series',
  'GET /api/v1/snapshot',
  'GET /api/v1/status',
  'GET /healthz',
  'GET /metrics',
  'GET /readyz',
  'POST /api/v1/cordon',
  'POST /api/v1/drain',
  'POST /api/v1/pause',
  'POST /api/v1/quarantine/release',
  'POST /api/v1/resume',
  'POST /api/v1/trigger',
  'POST /api/v1/uncordon',
  'POST /api/v1/undrain',
];

const answers = (properties: object): object => ({
  get: { responses: { 200: { content: { 'application/json': { schema: { properties } } } } } },
});
const list = (properties: object): object => ({ type: 'array', items: { properties } });

describe('the OpenAPI document', () => {
  it('describes every promised route and no other', async () => {
    const { openapi, paths } = await documentOf();
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(openapi).toBe('3.1.0');
    expect(described.sort()).toEqual(PROMISED);
  });

  it.each(PROMISED.filter((route) => !route.endsWith('/events')))(
    'describes %s, which exists',
    async (route) => {
      const [method = '', path = ''] = route.split(' ');
      const real = path.replace('{kind}', 'table').replace('{id}', '1024');
      const answer = await ask(url + real, { method });
      expect([404, 405]).not.toContain(answer.status);
      const { paths } = await documentOf();
      const operation = paths[path]?.[method.toLowerCase()];
      expect(operation?.summary).toMatch(/\.$/);
      expect(Object.keys(operation?.responses ?? {})).toContain('default');
    },
  );

  it('says which fields and filters are taken', async () => {
    const { paths } = await documentOf();
    const pause = paths['/api/v1/pause']?.['post']?.requestBody?.content['application/json']?.schema;
    expect(Object.keys(pause?.properties ?? {})).toEqual(['for', 'reason', 'by']);
    expect(pause?.additionalProperties).toBe(false);
    const filters = paths['/api/v1/history']?.['get']?.parameters?.map((each) => each.name);
    expect(filters).toEqual([
      'limit',
      'before',
      'outcome',
      'reason',
      'region',
      'table',
      'datanode',
      'since',
      'until',
    ]);
  });

  it('says what kind of value each field of an answer is', async () => {
    const { text } = await ask(`${url}/api/v1/openapi.json`);
    expect(JSON.parse(text)).toMatchObject({
      paths: {
        '/api/v1/plan': answers({ moves: list({ regionId: { type: 'string' }, seq: { type: 'integer' } }) }),
        '/api/v1/snapshot': answers({
          regions: list({ load: { properties: { diskBytes: { type: 'number' } } } }),
        }),
        '/api/v1/status': answers({ gates: list({ code: { type: 'string', enum: GATE_CODES } }) }),
      },
    });
  });

  it('says the same as docs/api.md about routes and filters', async () => {
    const text = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
    const listed = [...text.matchAll(/^\| `(GET|POST) ([^`]+)` /gm)].map(
      (match) => `${match[1]} ${match[2]}`,
    );
    expect(listed.sort()).toEqual(PROMISED);
  });

  it('lists every verdict of status in docs/api.md', () => {
    const text = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
    const section = text.slice(text.indexOf('## Status'), text.indexOf('## History'));
    const listed = [...section.matchAll(/^\| `([a-z-]+)` /gm)].map(([, code]) => code);
    expect(listed.sort()).toEqual([...VERDICTS].sort());
  });

  it.each(Object.entries(STATUS_OF_CODE))('says in docs/api.md that %s comes with %d', (code, status) => {
    const text = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| (\d{3}) +\| (.*)$/gm)];
    const [, , codes] = rows.find(([, listed]) => listed === String(status)) ?? [];
    expect(codes).toContain(`\`${code}\``);
  });
});
