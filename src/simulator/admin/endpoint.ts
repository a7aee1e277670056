import type { ClusterCore } from '../cluster/core.ts';
import { MetaError } from '../procedures/errors.ts';
import { respond, TEXT_TYPE } from '../serve/http.ts';
import type { SimRequest, SimResponse } from '../serve/http.ts';
import type { AdminCall, AdminHandler } from './admin-call.ts';
import { LEGACY_HANDLERS } from './legacy.ts';
import { READ_HANDLERS } from './reads.ts';
import { answerSwitch, isSwitch } from './switches.ts';

/** Answers a request to a metasrv: its gRPC port, which also takes HTTP/1.1, or its newer HTTP port. */
export function answerAdmin(
  core: ClusterCore,
  metasrv: number,
  port: AdminCall['port'],
  request: SimRequest,
): SimResponse {
  if (!request.path.startsWith('/admin/')) return outsideAdmin(port);
  // Of several parameters with one name the last wins.
  const parameters = new Map(new URLSearchParams(request.query ?? ''));
  const call: AdminCall = { core, metasrv, port, request, parameters };
  try {
    return handlerFor(call)(call);
  } catch (error) {
    if (!(error instanceof MetaError)) throw error;
    return errorAnswer(call, error);
  }
}

/** tonic answers what it does not know with its `unimplemented` status; axum with a plain 404. */
function outsideAdmin(port: AdminCall['port']): SimResponse {
  if (port === 'http') return respond(404, '');
  return respond(200, '', { 'content-type': 'application/grpc', 'grpc-status': '12' });
}

function handlerFor({ core, port, request }: AdminCall): AdminHandler {
  const { path, method } = request;
  const read = READ_HANDLERS[path];
  const isGetOnly = port === 'http' && method !== 'GET' && method !== 'HEAD';
  if (read) return isGetOnly ? () => respond(405, '') : read;
  if (isSwitch(path)) return answerSwitch;
  return (core.profile.legacyAdmin ? LEGACY_HANDLERS[path] : undefined) ?? (() => respond(404, ''));
}

/** Handler errors are 500 with the text alone; the early HTTP port makes those of the switches 404 without it. */
function errorAnswer({ core, port, request }: AdminCall, error: MetaError): SimResponse {
  if (port === 'grpc') return respond(500, error.message);
  const isHidden = core.profile.httpPort === 'early' && isSwitch(request.path);
  return isHidden ? respond(404, '', TEXT_TYPE) : respond(500, error.message, TEXT_TYPE);
}
