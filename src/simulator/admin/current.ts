import { JSON_TYPE, respond, TEXT_TYPE } from '../serve/http.ts';
import type { SimResponse } from '../serve/http.ts';
import { setAndTell, switchState, textMaintenance } from './maintenance.ts';
import { MetaError } from '../procedures/errors.ts';
import { missing } from './parameters.ts';
import type { AdminCall, AdminHandler } from './parameters.ts';
import { heartbeats, leaderAddress, nodeLeases } from './render.ts';

/** Endpoints that every generation has; on the HTTP port for GET only. */
export const CURRENT_HANDLERS: Readonly<Record<string, AdminHandler>> = {
  '/admin/health': (call) => text(call, 'OK\n'),
  '/admin/leader': (call) => text(call, leaderAddress(call.core)),
  '/admin/node-lease': nodeLease,
  '/admin/heartbeat': (call) => list(call, heartbeats(call.core, call.parameters.get('addr'))),
};

export const SWITCH_PREFIXES = ['/admin/maintenance', '/admin/procedure-manager'] as const;

function nodeLease(call: AdminCall): SimResponse {
  const { core, parameters } = call;
  if (!core.profile.admin.clusterId) return list(call, nodeLeases(core, undefined));
  const clusterId = parameters.get('cluster_id') ?? missing('cluster_id');
  if (!/^\d{1,20}$/.test(clusterId))
    throw new MetaError('InvalidArguments', 'Failed to parse number: `cluster_id` is not a valid number');
  return list(call, nodeLeases(core, clusterId));
}

function text(call: AdminCall, body: string): SimResponse {
  return respond(200, body, call.port === 'http' ? TEXT_TYPE : {});
}

/** The gRPC port names no content type for these; the early HTTP port calls them text. */
function list(call: AdminCall, body: string): SimResponse {
  if (call.port === 'grpc') return respond(200, body);
  return respond(200, body, call.core.profile.admin.httpPort?.early ? TEXT_TYPE : JSON_TYPE);
}

/** Maintenance mode and the procedure manager (0.8 and later). */
export function switches(call: AdminCall): SimResponse {
  const { maintenance, procedureManager } = call.core.profile.admin;
  const { path } = call.request;
  if (path.startsWith('/admin/maintenance')) {
    if (maintenance === 'text') return textMaintenance(call);
    if (maintenance === 'json') return jsonMaintenance(call);
  }
  if (procedureManager && path.startsWith('/admin/procedure-manager/')) return procedureSwitch(call);
  return respond(404, '');
}

function jsonMaintenance(call: AdminCall): SimResponse {
  const { path, method, query } = call.request;
  const isRoot = path === '/admin/maintenance';
  if (method === 'GET' && (isRoot || path === '/admin/maintenance/status')) {
    // On the gRPC port a GET with `enable` sets; the HTTP port ignores the parameter without a word.
    if (isRoot && call.port === 'grpc' && call.parameters.has('enable')) return maintenanceByParameter(call);
    return enabled(switchState(call, 'maintenance'));
  }
  if (method === 'POST' && path === '/admin/maintenance/enable')
    return enabled(setAndTell(call, 'maintenance', true));
  if (method === 'POST' && path === '/admin/maintenance/disable')
    return enabled(setAndTell(call, 'maintenance', false));
  if (isRoot && call.port === 'grpc' && (method === 'PUT' || method === 'POST') && query !== undefined)
    return maintenanceByParameter(call);
  return wrongMethod(call, ['GET', 'PUT', 'POST']);
}

function maintenanceByParameter(call: AdminCall): SimResponse {
  const value = call.parameters.get('enable') ?? missing('enable');
  if (value !== 'true' && value !== 'false')
    throw new MetaError('InvalidArguments', "Failed to parse bool: 'enable' must be 'true' or 'false'");
  return enabled(setAndTell(call, 'maintenance', value === 'true'));
}

function procedureSwitch(call: AdminCall): SimResponse {
  const { path, method } = call.request;
  const status = (isPaused: boolean): SimResponse =>
    respond(200, `{"status":"${isPaused ? 'paused' : 'running'}"}`, JSON_TYPE);
  const name = 'procedures-paused';
  if (method === 'GET' && path.endsWith('/status')) return status(switchState(call, name));
  if (method === 'POST' && path.endsWith('/pause')) return status(setAndTell(call, name, true));
  if (method === 'POST' && path.endsWith('/resume')) return status(setAndTell(call, name, false));
  return /\/(?:status|pause|resume)$/.test(path) ? wrongMethod(call, ['GET', 'POST']) : respond(404, '');
}

function enabled(isEnabled: boolean): SimResponse {
  return respond(200, `{"enabled":${isEnabled}}`, JSON_TYPE);
}

function wrongMethod(call: AdminCall, known: readonly string[]): SimResponse {
  if (call.port === 'http') return respond(405, '');
  if (known.includes(call.request.method)) return respond(404, '');
  throw new MetaError('InvalidArguments', `Unsupported operation http method ${call.request.method}`);
}
