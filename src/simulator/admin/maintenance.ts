import { respond } from '../serve/http.ts';
import type { SimResponse } from '../serve/http.ts';
import type { SwitchName } from '../cluster/meta.ts';
import { MetaError } from '../procedures/errors.ts';
import { missing } from './parameters.ts';
import type { AdminCall } from './parameters.ts';

const OPERATIONS = {
  maintenance: 'maintenance',
  'procedures-paused': 'procedure-manager',
} as const;

/** A switch as the metasrv that was asked sees it. */
export function switchState({ core, metasrv }: AdminCall, name: SwitchName): boolean {
  return core.meta.readSwitch(name, metasrv);
}

/** Sets a switch at the metasrv that was asked, and journals it. Returns the new value. */
export function setAndTell({ core, metasrv, request }: AdminCall, name: SwitchName, value: boolean): boolean {
  core.meta.setSwitch(name, value, metasrv);
  core.journal.record({
    kind: 'mutating-request',
    target: request.target,
    operation: OPERATIONS[name],
    detail: `${name}: ${value}`,
    verdict: 'accepted',
  });
  return value;
}

/** 0.7.2: any method; `/admin/maintenance` reads, `/admin/maintenance/set?enable=` sets. */
export function legacyMaintenance(call: AdminCall): SimResponse {
  if (call.request.path === '/admin/maintenance') return currentState(call);
  if (call.request.path === '/admin/maintenance/set') return setByParameter(call);
  return respond(404, '');
}

/** 0.8 to 0.14: GET reads, PUT with `enable` sets. */
export function textMaintenance(call: AdminCall): SimResponse {
  const { path, method } = call.request;
  if (path !== '/admin/maintenance') return respond(404, '');
  if (method === 'GET') return currentState(call);
  if (method === 'PUT') return setByParameter(call);
  throw new MetaError('InvalidArguments', `Unsupported operation http method ${method}`);
}

function currentState(call: AdminCall): SimResponse {
  return respond(200, `Maintenance mode is ${word(switchState(call, 'maintenance'))}`);
}

function setByParameter(call: AdminCall): SimResponse {
  const value = call.parameters.get('enable') ?? missing('enable');
  if (value !== 'true' && value !== 'false')
    throw new MetaError('InvalidArguments', "Failed to parse bool: 'enable' must be 'true' or 'false'");
  return respond(200, `Maintenance mode ${word(setAndTell(call, 'maintenance', value === 'true'))}`);
}

function word(isEnabled: boolean): string {
  return isEnabled ? 'enabled' : 'disabled';
}
