import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server as HttpsServer } from 'node:https';
import { fastify } from 'fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OperatingError } from '../domain/errors.ts';
import { escapeInvisible } from '../lib/invisible.ts';
import { parseJsonExact } from '../lib/json.ts';
import type { Clock } from '../lib/clock.ts';
import type { ListenAddress } from '../lib/listen-address.ts';
import type { Secret } from '../lib/secret.ts';
import { nodeTlsOptions } from '../lib/tls.ts';
import type { TlsOptions } from '../lib/tls.ts';
import type { LiveSource } from '../observability/live-state.ts';
import { createAccess } from './http/access.ts';
import type { Access } from './http/access.ts';
import { actionRoutes } from './api/action-routes.ts';
import { errorBody, HttpError, INTERNAL_ERROR, toHttpError } from './http/errors.ts';
import { EventStream } from './http/event-stream.ts';
import { listen } from './http/listen.ts';
import { openApiRoute } from './api/openapi.ts';
import { pageRoutes } from './http/page.ts';
import type { ServerActions, ServerViews, WebAssets } from './api/ports.ts';
import { eventsRoute, probeRoutes, viewRoutes } from './api/read-routes.ts';
import type { MetricsText } from './api/read-routes.ts';
import { sendAnswer } from './http/reply.ts';
import type { Route } from './http/route.ts';
import { answerRawError, SECURITY_HEADERS } from './http/wire.ts';

export interface ServerOptions {
  readonly listen: ListenAddress;
  /** Without one, actions are taken on a loopback address only. */
  readonly token?: Secret | undefined;
  readonly protectReads: boolean;
  /** Names under which it may be asked, besides its listen address and loopback. */
  readonly allowedHosts: readonly string[];
  readonly version: string;
  /** Certificate and key; with them only https is served. */
  readonly tls?: TlsOptions | undefined;
}

export interface ServerDependencies {
  readonly views: ServerViews;
  readonly actions: ServerActions;
  readonly live: Pick<LiveSource, 'subscribe'>;
  readonly metrics: MetricsText;
  readonly clock: Clock;
  /** The built web page; without it `/` says how to build it. */
  readonly web?: WebAssets | undefined;
  /** Told of what should not happen: an error that is none of the client's and no OperatingError. */
  readonly onDefect?: (error: unknown, request: { readonly method: string; readonly path: string }) => void;
}

export interface RunningServer {
  /** For people and tests: a wildcard address is shown as loopback. No slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Ends every connection, event streams too, within a second. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 65_536;
const MAX_PARAM_LENGTH = 600;
const MAX_CONNECTIONS = 2_000;
/** A request has to be here in full by then. */
const REQUEST_TIMEOUT_MS = 30_000;
/** What is still being answered when the server closes gets this long. */
const CLOSE_GRACE_MS = 700;

/**
 * Starts the HTTP server of docs/api.md.
 *
 * @throws OperatingError `address-in-use` or `listen-failed`, which names the address.
 */
export async function createServer(
  options: ServerOptions,
  dependencies: ServerDependencies,
): Promise<RunningServer> {
  const { clock } = dependencies;
  const stream = new EventStream({ epoch: clock.now().toString(36) }, dependencies);
  const app = createApp(options, dependencies, stream);
  try {
    const { url, port } = await listen(app, options.listen, options.tls ? 'https' : 'http');
    return { url, port, close: onceOnly(() => closeAll(app, stream, clock)) };
  } catch (error) {
    stream.close();
    throw error;
  }
}

function createApp(
  options: ServerOptions,
  dependencies: ServerDependencies,
  stream: EventStream,
): FastifyInstance {
  const app = fastify({
    bodyLimit: MAX_BODY_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    // A request without a Host is refused with the others, in the form of every other error.
    http: { requireHostHeader: false },
    ...(options.tls && { serverFactory: tlsServer(options.tls) }),
    clientErrorHandler: answerRawError,
    frameworkErrors: (error, _request, reply) => {
      void reply.headers(SECURITY_HEADERS);
      sendError(reply, toHttpError(error) ?? INTERNAL_ERROR);
    },
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  const access = createAccess({ ...options, token: options.token, host: options.listen.host }, dependencies);
  const routes = routesOf(options, dependencies);
  const noRoute = createNoRoute(routes);
  // Before everything else, also where there is no route.
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(SECURITY_HEADERS);
    access.checkHost(request.raw.headersDistinct);
    if (!METHODS.has(request.method)) throw noRoute(request);
    done();
  });
  takeJsonOnly(app);
  for (const each of routes) addRoute(app, each, access, stream);
  app.setNotFoundHandler((request, reply) => sendError(reply, noRoute(request)));
  app.setErrorHandler((error, request, reply) => {
    const known = toHttpError(error);
    if (!known) dependencies.onDefect?.(error, { method: request.method, path: pathOf(request) });
    sendError(reply, known ?? INTERNAL_ERROR);
  });
  return app;
}

/** @throws OperatingError `listen-failed` when certificate and key are of no use; the message shows neither. */
function tlsServer(tls: TlsOptions): (handler: FastifyHttpHandler) => HttpsServer {
  return (handler) => {
    try {
      let shown = nodeTlsOptions(tls);
      const server = createHttpsServer(
        { ...shown, minVersion: 'TLSv1.2', requireHostHeader: false },
        handler,
      );
      server.requestTimeout = REQUEST_TIMEOUT_MS;
      // Ahead of Node's own listener, which shakes hands with what the context holds then.
      server.prependListener('connection', () => {
        const now = nodeTlsOptions(tls);
        if (now.cert === shown.cert && now.key === shown.key) return;
        shown = now;
        server.setSecureContext({ ...now, minVersion: 'TLSv1.2' });
      });
      return server;
    } catch (cause) {
      throw new OperatingError(
        'listen-failed',
        'Certificate and key of server.tls are no pair that TLS can be served with',
        { cause },
      );
    }
  };
}

type FastifyHttpHandler = (request: IncomingMessage, response: ServerResponse) => void;

function routesOf(options: ServerOptions, dependencies: ServerDependencies): Route[] {
  const { views, actions, metrics, web } = dependencies;
  const page = pageRoutes(web);
  const documented = [
    ...page.slice(0, 1),
    ...probeRoutes(views, metrics),
    ...viewRoutes(views),
    eventsRoute(),
    ...actionRoutes(actions),
  ];
  return [...documented, openApiRoute(options.version, documented), ...page.slice(1)];
}

function addRoute(app: FastifyInstance, each: Route, access: Access, stream: EventStream): void {
  app.route({
    method: each.method,
    url: each.path.replace(/\{(\w+)\}/g, ':$1'),
    // A HEAD of an endless answer would never end.
    exposeHeadRoute: each.method === 'GET' && each.path !== eventsRoute().path,
    // Before the body is read: a stranger's body is not our business.
    onRequest: ({ headers, ip }, _reply, done) => {
      access.checkRights({ headers, remoteAddress: ip }, each.access);
      done();
    },
    handler: async (request, reply) => {
      const { params: path, query, body = {}, headers, ip } = request;
      const answer = await each.handle({ path, query, body, headers, remoteAddress: ip });
      return sendAnswer(answer, request, reply, stream);
    },
  });
}

function takeJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    try {
      done(null, text === '' ? {} : parseJsonExact(text.toString()));
    } catch (error) {
      const why = error instanceof Error ? error.message : '';
      done(new HttpError(400, 'malformed-json', `The body is not JSON: ${why}`));
    }
  });
}

/** What to answer where there is no route: a known path with another method, or nothing that we know. */
function createNoRoute(routes: readonly Route[]): (request: FastifyRequest) => HttpError {
  const known = routes.map(({ method, path }) => ({
    method,
    pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  }));
  return (request) => {
    const path = pathOf(request);
    const allow = known
      .filter(({ pattern }) => pattern.test(path))
      .map(({ method }) => method)
      .join(', ');
    if (allow === '')
      return new HttpError(404, 'not-found', `There is nothing at ${JSON.stringify(path.slice(0, 200))}.`);
    const text = `${path} takes ${allow}, not ${request.method}.`;
    return new HttpError(405, 'method-not-allowed', text, { allow });
  };
}

function sendError(reply: FastifyReply, error: HttpError): void {
  void reply
    .code(error.status)
    .headers({ ...error.headers, 'content-type': 'application/json; charset=utf-8' })
    .send(escapeInvisible(JSON.stringify(errorBody(error))));
}

/** Node's parser knows some forty methods. fastify fails on some of them, such as QUERY: only these reach it. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

function pathOf(request: FastifyRequest): string {
  return request.url.replace(/[?#].*$/s, '');
}

async function closeAll(app: FastifyInstance, stream: EventStream, clock: Clock): Promise<void> {
  stream.close();
  const cancel = clock.setTimer(CLOSE_GRACE_MS, () => app.server.closeAllConnections());
  try {
    await app.close();
  } finally {
    cancel();
  }
}

function onceOnly(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
