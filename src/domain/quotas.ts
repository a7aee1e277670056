/**
 * Shares of a whole among weighted datanodes, in exact integer arithmetic. All products stay below 2^53: at most 10^9
 * regions times a weight of at most 10^6.
 */

/** `floor(count * weight / totalWeight)`: the fewest regions that a target's share allows. */
export function floorShare(count: number, weight: number, totalWeight: number): number {
  const product = count * weight;
  return (product - (product % totalWeight)) / totalWeight;
}

/** `ceil(count * weight / totalWeight)`: the most regions that a target's share allows. */
export function ceilShare(count: number, weight: number, totalWeight: number): number {
  const product = count * weight;
  const rest = product % totalWeight;
  return (product - rest) / totalWeight + (rest === 0 ? 0 : 1);
}

/** How far a count lies outside `floor..ceil`; 0 within. */
export function violation(count: number, floor: number, ceil: number): number {
  if (count > ceil) return count - ceil;
  return count < floor ? floor - count : 0;
}
