import type { ClusterCore } from '../cluster/core.ts';
import { MetaError } from '../procedures/errors.ts';
import type { SimRequest, SimResponse } from '../serve/http.ts';

type Parameters = ReadonlyMap<string, string>;

/** A request to one metasrv's admin API. */
export interface AdminCall {
  readonly core: ClusterCore;
  readonly metasrv: number;
  readonly port: 'grpc' | 'http';
  readonly request: SimRequest;
  readonly parameters: Parameters;
}

/** May throw a MetaError, which the port turns into its kind of answer. */
export type AdminHandler = (call: AdminCall) => SimResponse;

/** @throws MetaError when the parameter is missing. */
export function required(parameters: Parameters, name: string): string {
  return parameters.get(name) ?? missing(name);
}

/** @throws MetaError always. */
export function missing(name: string): never {
  throw new MetaError('InvalidArguments', `Missing required parameter, param: "${name}"`);
}

/** @throws MetaError always. */
export function invalidNumber(what: string, value: string): never {
  throw new MetaError('InvalidArguments', `Failed to parse number: ${what}: ${value}`);
}
