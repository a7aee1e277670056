/** A simulated GreptimeDB cluster: see docs/simulator.md. */
export { SimulatedCluster } from './cluster/cluster.ts';
export type { SimulatedClusterOptions } from './cluster/core.ts';
export { SimulatedNetworkError } from './serve/http.ts';
export type { SimExchange, SimRequest } from './serve/http.ts';
export type { SimEvent } from './cluster/journal.ts';
export type { LayoutName } from './cluster/layout.ts';
export { findProfile, profileNames, PROFILES } from './profiles.ts';
export { serveSimulatedCluster } from './serve/serve.ts';
export type { ServedCluster, ServeOptions } from './serve/serve.ts';
