import type { SwitchName } from '../cluster/meta.ts';
import { MetaError } from '../procedures/errors.ts';
import { JSON_TYPE, respond } from '../serve/http.ts';
import type { SimResponse } from '../serve/http.ts';
import { required } from './admin-call.ts';
import type { AdminCall } from './admin-call.ts';

/** Whether a path is one of maintenance mode or of the procedure manager. */
export function isSwitch(path: string): boolean {
  return /^\/admin\/(?:maintenance|procedure-manager)(?:\/|$)/.test(path);
}

const PROCEDURE_PATH = /^\/admin\/procedure-manager\/(?:status|pause|resume)$/;

/** Reads or sets a switch, in the version's own way. */
export function answerSwitch(call: AdminCall): SimResponse {
  const { maintenance, procedureManager } = call.core.profile;
  const { path } = call.request;
  const isProcedures = path.startsWith('/admin/procedure-manager');
  if (isProcedures) return procedureManager && PROCEDURE_PATH.test(path) ? byTable(call) : respond(404, '');
  if (maintenance === 'none') return respond(404, '');
  if (maintenance === 'json') return jsonMaintenance(call);
  return maintenance === 'legacy' ? legacyMaintenance(call) : textMaintenance(call);
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

function readText({ core, metasrv }: AdminCall): SimResponse {
  const isOn = core.meta.readSwitch('maintenance', metasrv);
  return respond(200, `Maintenance mode is ${isOn ? 'enabled' : 'disabled'}`);
}

function setText(call: AdminCall): SimResponse {
  const isOn = enableParameter(call);
  set(call, 'maintenance', isOn);
  return respond(200, `Maintenance mode ${isOn ? 'enabled' : 'disabled'}`);
}

/** 0.15.5 and later: the old path too, where the gRPC port sets by parameter and the HTTP port ignores it without a word. */
function jsonMaintenance(call: AdminCall): SimResponse {
  const { method, path, query } = call.request;
  const isSetting = method === 'GET' ? call.parameters.has('enable') : query !== undefined;
  if (path === '/admin/maintenance' && call.port === 'grpc' && method !== 'DELETE' && isSetting)
    return readOrSet(call, 'maintenance', enableParameter(call));
  return byTable(call);
}

/** What reads a switch (null) or sets it. */
const JSON_SWITCHES: Readonly<Record<string, readonly [SwitchName, boolean | null]>> = {
  'GET /admin/maintenance': ['maintenance', null],
  'GET /admin/maintenance/status': ['maintenance', null],
  'POST /admin/maintenance/enable': ['maintenance', true],
  'POST /admin/maintenance/disable': ['maintenance', false],
  'GET /admin/procedure-manager/status': ['procedures-paused', null],
  'POST /admin/procedure-manager/pause': ['procedures-paused', true],
  'POST /admin/procedure-manager/resume': ['procedures-paused', false],
};

function byTable(call: AdminCall): SimResponse {
  const { method, path } = call.request;
  const found = JSON_SWITCHES[`${method} ${path}`];
  if (found) return readOrSet(call, ...found);
  if (call.port === 'http') return respond(405, '');
  const known = path.startsWith('/admin/maintenance') ? ['GET', 'PUT', 'POST'] : ['GET', 'POST'];
  return known.includes(method) ? respond(404, '') : unsupportedMethod(method);
}

function readOrSet(call: AdminCall, name: SwitchName, value: boolean | null): SimResponse {
  if (value !== null) set(call, name, value);
  const isOn = value ?? call.core.meta.readSwitch(name, call.metasrv);
  const body = name === 'maintenance' ? `{"enabled":${isOn}}` : `{"status":"${isOn ? 'paused' : 'running'}"}`;
  return respond(200, body, JSON_TYPE);
}

/** Sets a switch at the metasrv that was asked, and journals it. */
function set({ core, metasrv, request }: AdminCall, name: SwitchName, value: boolean): void {
  core.meta.setSwitch(name, value, metasrv);
  core.journal.record({
    kind: 'mutating-request',
    target: request.target,
    operation: name === 'maintenance' ? 'maintenance' : 'procedure-manager',
    detail: `${name}: ${value}`,
    verdict: 'accepted',
  });
}

function unsupportedMethod(method: string): never {
  throw new MetaError('InvalidArguments', `Unsupported operation http method ${method}`);
}

function enableParameter({ parameters }: AdminCall): boolean {
  const value = required(parameters, 'enable');
  if (value === 'true' || value === 'false') return value === 'true';
  throw new MetaError('InvalidArguments', "Failed to parse bool: 'enable' must be 'true' or 'false'");
}
