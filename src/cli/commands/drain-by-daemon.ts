import { GATE_SEVERITY } from '../../domain/codes.ts';
import { planSchema } from '../../domain/plan.ts';
import type { Plan } from '../../domain/plan.ts';
import { regionsLeft } from '../../domain/regions-left.ts';
import type { DrainVerdict, LeftRegion } from '../../domain/regions-left.ts';
import { snapshotSchema } from '../../domain/snapshot.ts';
import { drainAnswerSchema, triggerAnswerSchema } from '../../server/api/answers.ts';
import type { StatusView } from '../../server/api/answers.ts';
import type { ApiClient } from '../api-client.ts';
import type { Cli } from '../cli.ts';
import { followDaemon } from '../follow.ts';
import { pauseText } from '../render/status-screen.ts';

/** Asks a daemon what a drain would move; it moves nothing. */
export async function previewByDaemon(client: ApiClient, ids: readonly string[]): Promise<DrainVerdict> {
  const { plan } = await client.post('drain', drainAnswerSchema, { datanodes: ids, dryRun: true });
  return { dryRun: true, datanodes: ids.map((id) => ({ id, left: plannedFor(plan, id) })) };
}

/** What leaves the datanode by the plan, and what cannot. */
function plannedFor(plan: Plan | null, datanode: string): LeftRegion[] {
  const moves = plan?.moves.filter(({ from }) => from === datanode) ?? [];
  const blocked = plan?.blocked.filter(({ datanodeId }) => datanodeId === datanode) ?? [];
  return [
    ...moves.map(({ regionId, table, to }) => ({
      ...{ regionId, table, detail: `It would move to datanode ${to}.` },
    })),
    ...blocked.flatMap(({ regionId, tableId, code, detail }) =>
      regionId === undefined ? [] : [{ regionId, table: `table ${tableId ?? ''}`, code, detail }],
    ),
  ];
}

/** Asks a daemon to empty datanodes, and follows it until they are empty or nothing more moves off them. */
export async function drainByDaemon(
  cli: Cli,
  client: ApiClient,
  ids: readonly string[],
): Promise<DrainVerdict> {
  await client.post('drain', drainAnswerSchema, { datanodes: ids, dryRun: false });
  let triggeredFor: string | undefined;
  const goesOn = `The daemon goes on with the drain: undrain ${ids.join(' ')} ends it.`;
  return followDaemon(cli, client, goesOn, async (status) => {
    if (!isPlannedWith(status, ids)) return undefined;
    if (leadNothing(status, ids)) {
      const plan = await client.get('/api/v1/plan', planSchema);
      if (foundEmpty(plan, ids)) return verdict(ids, () => []);
      // A region may have come meanwhile: only a fresh look shows that none is left.
      if (status.cycle === null && triggeredFor !== plan.planId) {
        triggeredFor = plan.planId;
        await client.post('trigger', triggerAnswerSchema);
      }
      return undefined;
    }
    if (mayGoOn(status)) return undefined;
    const [snapshot, plan] = [
      await client.get('/api/v1/snapshot', snapshotSchema),
      await client.get('/api/v1/plan', planSchema),
    ];
    return verdict(ids, (id) => regionsLeft(snapshot, id, { plan, stop: whyStopped(status) }));
  });
}

function verdict(ids: readonly string[], left: (id: string) => LeftRegion[]): DrainVerdict {
  return { dryRun: false, datanodes: ids.map((id) => ({ id, left: left(id) })) };
}

/** Whether the latest plan was made after the drain was asked for. */
function isPlannedWith({ plan, datanodes }: StatusView, ids: readonly string[]): boolean {
  return ids.every((id) => {
    const since = datanodes.find((datanode) => datanode.id === id)?.drain?.since;
    return plan !== null && since !== undefined && (since === null || plan.createdAt >= since);
  });
}

function leadNothing({ datanodes }: StatusView, ids: readonly string[]): boolean {
  return ids.every((id) => datanodes.find((datanode) => datanode.id === id)?.regions === 0);
}

function foundEmpty({ before }: Plan, ids: readonly string[]): boolean {
  return ids.every((id) =>
    before.datanodes.some((datanode) => datanode.id === id && datanode.drains && datanode.regions === 0),
  );
}

/** Whether the daemon moves further regions by itself: now, or in its next cycle. */
function mayGoOn({ cycle, lastCycle, gates, paused, dryRun, blocked }: StatusView): boolean {
  if (paused !== null || dryRun) return false;
  if (cycle !== null || lastCycle === null) return true;
  if (gates.some(({ code }) => code !== 'migration-running' && GATE_SEVERITY[code] !== 'passes'))
    return false;
  return lastCycle.moved > 0 || gates.length > 0 || blocked.some(({ code }) => code === 'migrating');
}

function whyStopped({ paused, gates, lastCycle }: StatusView): string | undefined {
  if (paused) return `Paused ${pauseText(paused)}.`;
  if (gates.length > 0) return gates.map(({ detail }) => detail).join(' ');
  return lastCycle?.outcome === 'failed' ? lastCycle.detail : undefined;
}
