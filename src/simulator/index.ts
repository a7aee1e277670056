/** A simulated GreptimeDB cluster: see docs/simulator.md. */
export { createSimulatedCluster, SimulatedCluster } from './cluster/cluster.ts';
export type { SimulatedClusterDependencies, SimulatedClusterOptions } from './cluster/cluster.ts';
export type { SimUser } from './cluster/core.ts';
export { FAULT_NAMES, FaultBox, parseFaults } from './faults/faults.ts';
export type { FaultName, FaultSetting } from './faults/faults.ts';
export { SimulatedNetworkError } from './serve/http.ts';
export type { SimExchange, SimRequest, SimResponse } from './serve/http.ts';
export type { MigrationReason, SimEvent, SimEventListener, SimHappening } from './cluster/journal.ts';
export { LAYOUTS } from './cluster/layout.ts';
export type { LayoutName, LayoutOptions } from './cluster/layout.ts';
export type { RegionRoute, SimDatanode, SimRegion, SimTable } from './cluster/model.ts';
export type { LeaderChange, NewTable } from './cluster/operator.ts';
export { findProfile, profileNames, PROFILES } from './profiles/profiles.ts';
export type { Profile } from './profiles/profiles.ts';
export { serveSimulatedCluster } from './serve/serve.ts';
export type { ServedCluster, ServeOptions } from './serve/serve.ts';
