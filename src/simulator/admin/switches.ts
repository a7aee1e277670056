import type { SwitchName } from '../cluster/meta.ts';
import { JSON_TYPE, respond } from '../serve/http.ts';
import type { SimResponse } from '../serve/http.ts';
import type { AdminCall } from './admin-call.ts';

/** Whether a path is one of maintenance mode or of the procedure manager. */
export function isSwitch(path: string): boolean {
  return /^\/admin\/(?:maintenance|procedure-manager)(?:\/|$)/.test(path);
}

/** What reads a switch (null) or sets it, from 0.15.5 on. */
const JSON_SWITCHES: Readonly<Record<string, readonly [SwitchName, boolean | null]>> = {
  'GET /admin/maintenance': ['maintenance', null],
  'GET /admin/maintenance/status': ['maintenance', null],
  'POST /admin/maintenance/enable': ['maintenance', true],
  'POST /admin/maintenance/disable': ['maintenance', false],
  'GET /admin/procedure-manager/status': ['procedures-paused', null],
  'POST /admin/procedure-manager/pause': ['procedures-paused', true],
  'POST /admin/procedure-manager/resume': ['procedures-paused', false],
};

/** Reads a switch in the version's own way, or sets it. Before 0.15.5 they are only read here. */
export function answerSwitch(call: AdminCall): SimResponse {
  const { core, metasrv, request, port } = call;
  const { path, method } = request;
  if (core.profile.maintenance === 'none') return respond(404, '');
  if (core.profile.maintenance === 'text') {
    const isOn = core.meta.readSwitch('maintenance', metasrv);
    if (path !== '/admin/maintenance') return respond(404, '');
    return respond(200, `Maintenance mode is ${isOn ? 'enabled' : 'disabled'}`);
  }
  const found = JSON_SWITCHES[`${method} ${path}`];
  return found ? readOrSet(call, ...found) : respond(port === 'http' ? 405 : 404, '');
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
