/** A simulated GreptimeDB cluster: see docs/simulator.md. */
export { createSimulatedCluster, SimulatedCluster } from './cluster.ts';
export type { SimulatedClusterDependencies, SimulatedClusterOptions } from './cluster.ts';
export type { SimUser } from './core.ts';
export { FAULT_NAMES, FaultBox, parseFaults } from './faults.ts';
export type { FaultName, FaultSetting } from './faults.ts';
export { SimulatedNetworkError } from './http.ts';
export type { SimExchange, SimRequest, SimResponse } from './http.ts';
export type { MigrationReason, SimEvent, SimEventListener, SimHappening } from './journal.ts';
export { LAYOUTS } from './layout.ts';
export type { LayoutName, LayoutOptions } from './layout.ts';
export type { RegionRoute, SimDatanode, SimRegion, SimTable } from './model.ts';
export type { LeaderChange, NewTable } from './operator.ts';
export { findProfile, profileNames, PROFILES } from './profiles.ts';
export type { Profile } from './profiles.ts';
export { serveSimulatedCluster } from './serve.ts';
export type { ServedCluster, ServeOptions } from './serve.ts';
