import type { ServerActions } from '../../server/api/ports.ts';
import { createDatanodeActions } from './datanode-actions.ts';
import type { ActionDependencies, Audit } from './datanode-actions.ts';

/** What the HTTP server may cause. Every action is written to the audit first. */
export function createActions(dependencies: ActionDependencies): ServerActions {
  const { session, daemon, live } = dependencies;
  const { store, clock, events } = session;
  const audit: Audit = (who, what, why) => store.addAudit({ atMs: clock.now(), who, what, why });
  return {
    pause({ forMs, reason, by }) {
      const atMs = clock.now();
      const untilMs = forMs === undefined ? null : atMs + forMs;
      audit(by, 'pause', reason);
      store.setPause({ reason, by, atMs, untilMs });
      events.emit({ type: 'paused', untilMs, reason, by });
      return { untilMs, reason, by };
    },
    resume({ by }) {
      audit(by, 'resume', '');
      const resumed = store.pause(clock.now()) !== undefined;
      store.clearPause();
      if (resumed) events.emit({ type: 'resumed', by });
      return { resumed };
    },
    trigger({ by }) {
      audit(by, 'trigger', '');
      const started = daemon.tick('manual');
      const { cycle } = live.state();
      if (cycle && started) return { kind: 'started', cycleId: cycle.id, paused: session.pause() };
      if (cycle) return { kind: 'running', cycleId: cycle.id };
      const detail = daemon.isStopping
        ? 'The daemon is stopping; no cycle is started.'
        : 'The cycle could not begin: the state folder cannot be used, as GET /readyz tells.';
      return { kind: 'refused', detail };
    },
    ...createDatanodeActions(dependencies, audit),
    releaseQuarantine({ by, ...one }) {
      const isRegion = 'regionId' in one;
      const what = isRegion ? `region ${one.regionId}` : `datanode ${one.datanodeId}`;
      audit(by, 'release-quarantine', what);
      const released = isRegion
        ? store.releaseQuarantine(one.regionId)
        : store.releaseDatanode(one.datanodeId);
      if (released) events.emit({ type: 'quarantine-released', what, by });
      return { released };
    },
  };
}
