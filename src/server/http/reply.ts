import type { FastifyReply, FastifyRequest } from 'fastify';
import { escapeInvisible } from '../../lib/invisible.ts';
import { HttpError } from './errors.ts';
import type { EventStream } from './event-stream.ts';
import type { JsonBody } from './large-json.ts';
import type { Answer } from './route.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Below this, compressing costs more than it saves. */
const COMPRESS_FROM_BYTES = 2_048;

/** Puts an answer on the wire. */
export async function sendAnswer(
  answer: Answer,
  request: FastifyRequest,
  reply: FastifyReply,
  stream: EventStream,
): Promise<FastifyReply> {
  switch (answer.kind) {
    case 'json':
      return reply
        .code(answer.status ?? 200)
        .type(JSON_TYPE)
        .send(escapeInvisible(JSON.stringify(answer.value)));
    case 'json-body':
      return sendJsonBody(answer.body, request, reply);
    case 'content':
      void reply.headers(answer.headers ?? {}).type(answer.type);
      return sendContent(answer, request, reply);
    case 'event-stream':
      return startStream(answer.lastEventId, reply, stream);
  }
}

function sendContent(
  { body, etag, gzip }: Extract<Answer, { kind: 'content' }>,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (etag === undefined) return reply.send(body);
  if (gzip === undefined) return sendTagged(body, etag, request, reply);
  void reply.header('vary', 'accept-encoding');
  if (!acceptsGzip(request)) return sendTagged(body, etag, request, reply);
  const gzipTag = tagOfGzip(etag);
  if (!knows(request, gzipTag)) void reply.header('content-encoding', 'gzip');
  return sendTagged(gzip, gzipTag, request, reply);
}

/** Two representations must not share a tag. */
function tagOfGzip(etag: string): string {
  return etag.replace(/"$/, '-gzip"');
}

async function sendJsonBody(
  body: JsonBody,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  void reply.type(JSON_TYPE).headers({ 'cache-control': 'no-cache', vary: 'accept-encoding' });
  if (body.plain.length < COMPRESS_FROM_BYTES || !acceptsGzip(request))
    return sendTagged(body.plain, body.etag, request, reply);
  const etag = tagOfGzip(body.etag);
  if (knows(request, etag)) return reply.header('etag', etag).code(304).send();
  return reply.headers({ 'content-encoding': 'gzip', etag }).send(await body.compressed());
}

function sendTagged(
  body: string | Buffer,
  etag: string,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  void reply.header('etag', etag);
  return knows(request, etag) ? reply.code(304).send() : reply.send(body);
}

/** Whether the client has it already (If-None-Match, compared weakly as RFC 9110 wants). */
function knows(request: FastifyRequest, etag: string): boolean {
  const given = request.headers['if-none-match'];
  if (given === undefined) return false;
  return given.split(',').some((each) => ['*', etag].includes(each.trim().replace(/^W\//, '')));
}

function acceptsGzip(request: FastifyRequest): boolean {
  const accepted = request.headers['accept-encoding'];
  return typeof accepted === 'string' && /\bgzip\b(?!\s*;\s*q=0(\.0+)?\s*(,|$))/.test(accepted);
}

function startStream(
  lastEventId: string | undefined,
  reply: FastifyReply,
  stream: EventStream,
): FastifyReply {
  if (stream.isFull())
    throw new HttpError(503, 'too-many-streams', 'Too many clients follow the events already.', {
      'retry-after': '10',
    });
  const headers: Record<string, string> = { connection: 'close' };
  for (const [name, value] of Object.entries(reply.getHeaders())) headers[name] = String(value);
  reply.hijack();
  stream.add(reply.raw, headers, lastEventId);
  return reply;
}
