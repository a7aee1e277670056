import type { FastifyReply, FastifyRequest } from 'fastify';
import { escapeInvisible } from '../../lib/invisible.ts';
import { HttpError } from './errors.ts';
import type { EventStream } from './event-stream.ts';
import { JSON_TYPE } from './route.ts';
import type { Answer, Content } from './route.ts';

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
    case 'content':
      return sendContent(answer, request, reply);
    case 'event-stream':
      return startStream(answer.lastEventId, reply, stream);
  }
}

async function sendContent(
  { body, type, headers = {}, etag, gzip }: Content,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  void reply.headers(headers).type(type);
  if (etag === undefined) return reply.send(body);
  if (gzip) void reply.header('vary', 'accept-encoding');
  const isCompressed = gzip !== undefined && acceptsGzip(request);
  // Two representations must not share a tag.
  const tag = isCompressed ? etag.replace(/"$/, '-gzip"') : etag;
  void reply.header('etag', tag);
  if (knows(request, tag)) return reply.code(304).send();
  return isCompressed ? reply.header('content-encoding', 'gzip').send(await gzip()) : reply.send(body);
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
