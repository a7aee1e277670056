import type { SwitchName } from '../cluster/meta.ts';
import { MetaError } from '../procedures/errors.ts';
import { JSON_TYPE, respond } from '../serve/http.ts';
import type { SimResponse } from '../serve/http.ts';
import { missing } from './admin-call.ts';
import type { AdminCall, AdminHandler } from './admin-call.ts';

/** Whether a path is one of maintenance mode or of the procedure manager. */
export function isSwitch(path: string): boolean {
  return /^\/admin\/(?:maintenance|procedure-manager)(?:\/|$)/.test(path);
}

const MAINTENANCE: Readonly<Record<'none' | 'legacy' | 'text' | 'json', AdminHandler>> = {
  none: () => respond(404, ''),
  legacy: legacyMaintenance,
  text: textMaintenance,
  json: jsonMaintenance,
};

/** Reads or sets a switch, in the version's own way. */
export function answerSwitch(call: AdminCall): SimResponse {
  const { maintenance, procedureManager } = call.core.profile.admin;
  if (call.request.path.startsWith('/admin/maintenance')) return MAINTENANCE[maintenance](call);
  return procedureManager ? procedureSwitch(call) : respond(404, '');
}

/** 0.7.2: any method; `/admin/maintenance` reads, `/admin/maintenance/set?enable=` sets. */
function legacyMaintenance(call: AdminCall): SimResponse {
  if (call.request.path === '/admin/maintenance') return readText(call);
  return call.request.path === '/admin/maintenance/set' ? setText(call) : respond(404, '');
}

/** 0.8 to 0.14: GET reads, PUT with `enable` sets. */
function textMaintenance(call: AdminCall): SimResponse {
  const { path, method } = call.request;
  if (path !== '/admin/maintenance') return respond(404, '');
  if (method === 'GET') return readText(call);
  return method === 'PUT' ? setText(call) : unsupportedMethod(method);
}

function readText(call: AdminCall): SimResponse {
  return respond(200, `Maintenance mode is ${read(call, 'maintenance') ? 'enabled' : 'disabled'}`);
}

function setText(call: AdminCall): SimResponse {
  const isOn = set(call, 'maintenance', enableParameter(call));
  return respond(200, `Maintenance mode ${isOn ? 'enabled' : 'disabled'}`);
}

/** 0.15.5 and later. */
function jsonMaintenance(call: AdminCall): SimResponse {
  const { path, method, query } = call.request;
  const isOldPath = path === '/admin/maintenance';
  const told = (isEnabled: boolean): SimResponse => respond(200, `{"enabled":${isEnabled}}`, JSON_TYPE);
  const byParameter = (): SimResponse => told(set(call, 'maintenance', enableParameter(call)));
  if (method === 'GET' && (isOldPath || path === '/admin/maintenance/status')) {
    // On the gRPC port a GET with `enable` sets; the HTTP port ignores the parameter without a word.
    const isSetting = isOldPath && call.port === 'grpc' && call.parameters.has('enable');
    return isSetting ? byParameter() : told(read(call, 'maintenance'));
  }
  if (method === 'POST' && path === '/admin/maintenance/enable') return told(set(call, 'maintenance', true));
  if (method === 'POST' && path === '/admin/maintenance/disable')
    return told(set(call, 'maintenance', false));
  if (isOldPath && call.port === 'grpc' && (method === 'PUT' || method === 'POST') && query !== undefined)
    return byParameter();
  return wrongMethod(call, ['GET', 'PUT', 'POST']);
}

/** 0.15.5 and later. */
function procedureSwitch(call: AdminCall): SimResponse {
  const { path, method } = call.request;
  const told = (isPaused: boolean): SimResponse =>
    respond(200, `{"status":"${isPaused ? 'paused' : 'running'}"}`, JSON_TYPE);
  const action = /^\/admin\/procedure-manager\/(status|pause|resume)$/.exec(path)?.[1];
  if (action === undefined) return respond(404, '');
  if (method === 'GET' && action === 'status') return told(read(call, 'procedures-paused'));
  if (method === 'POST' && action !== 'status')
    return told(set(call, 'procedures-paused', action === 'pause'));
  return wrongMethod(call, ['GET', 'POST']);
}

function wrongMethod(call: AdminCall, known: readonly string[]): SimResponse {
  if (call.port === 'http') return respond(405, '');
  return known.includes(call.request.method) ? respond(404, '') : unsupportedMethod(call.request.method);
}

function unsupportedMethod(method: string): never {
  throw new MetaError('InvalidArguments', `Unsupported operation http method ${method}`);
}

function enableParameter({ parameters }: AdminCall): boolean {
  const value = parameters.get('enable') ?? missing('enable');
  if (value === 'true' || value === 'false') return value === 'true';
  throw new MetaError('InvalidArguments', "Failed to parse bool: 'enable' must be 'true' or 'false'");
}

/** A switch as the metasrv that was asked sees it. */
function read({ core, metasrv }: AdminCall, name: SwitchName): boolean {
  return core.meta.readSwitch(name, metasrv);
}

/** Sets a switch at the metasrv that was asked, and journals it. Returns the new value. */
function set({ core, metasrv, request }: AdminCall, name: SwitchName, value: boolean): boolean {
  core.meta.setSwitch(name, value, metasrv);
  core.journal.record({
    kind: 'mutating-request',
    target: request.target,
    operation: name === 'maintenance' ? 'maintenance' : 'procedure-manager',
    detail: `${name}: ${value}`,
    verdict: 'accepted',
  });
  return value;
}
