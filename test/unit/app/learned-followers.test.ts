import { describe, expect, it } from 'vitest';
import { LearnedFollowers } from '../../../src/app/daemon/learned-followers.ts';
import type { Snapshot } from '../../../src/domain/snapshot.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { eventBus, sampleMove } from '../../support/observability.ts';

const SNAPSHOT: Snapshot = {
  formatVersion: 1,
  takenAt: '2026-01-01T00:00:00.000Z',
  cluster: { name: 'c', api: 'sql', version: '0.7.2' },
  datanodes: [],
  tables: [],
  regions: [
    { id: '1', tableId: '1', leader: '0', status: 'alive' },
    { id: '2', tableId: '1', leader: '0', status: 'alive', followers: ['3'] },
  ],
};

function rig() {
  const clock = new VirtualClock();
  const { bus: events } = eventBus();
  const learned = new LearnedFollowers({ clock, events });
  const abandon = (regionId: string, to: string, cause: string): void =>
    events.emit({
      type: 'move-finished',
      move: sampleMove({ regionId, to, state: 'abandoned', cause }),
      durationMs: 0,
    });
  const followers = (): unknown[] => learned.addTo(SNAPSHOT).regions.map((region) => region.followers);
  return { clock, learned, abandon, followers };
}

describe('followers that only the check of a move could see', () => {
  it('are learned', () => {
    const { abandon, followers } = rig();
    abandon('1', '5', 'follower-on-target');
    abandon('2', '5', 'follower-on-target');
    expect(followers()).toEqual([['5'], ['3', '5']]);
  });

  it('are not learned from anything else', () => {
    const { abandon, learned } = rig();
    abandon('1', '5', 'target-dead');
    expect(learned.addTo(SNAPSHOT)).toBe(SNAPSHOT);
  });

  it('are looked at afresh after an hour', async () => {
    const { clock, abandon, learned } = rig();
    abandon('1', '5', 'follower-on-target');
    await clock.advance(3_600_001);
    expect(learned.addTo(SNAPSHOT)).toBe(SNAPSHOT);
  });
});
