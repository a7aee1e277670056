import { describe, expect, it } from 'vitest';
import { openCluster } from '../../../src/greptimedb/index.ts';
import type { Transport } from '../../../src/greptimedb/index.ts';
import { VirtualClock } from '../../harness/virtual-clock.ts';
import { everything, inVirtualTime, rows, scripted, sqlError, sqlOptions } from '../../support/greptimedb.ts';
import type { Script } from '../../support/greptimedb.ts';

const NEVER = new AbortController().signal;
const FRONTENDS = ['http://f0:4000', 'http://f1:4000'];
const REGION = 4_398_046_511_104;

const STATISTICS = rows(
  ['region_id', 'region_role', 'memtable_size', 'disk_size'],
  [[REGION, 'Leader', 5, 7]],
);
const CLUSTER: Script = {
  'SQL SELECT * FROM information_schema.cluster_info': rows(
    ['peer_id', 'peer_type', 'peer_addr', 'version', 'active_time'],
    [
      [1, 'DATANODE', 'a:1', '1.0.0', '1s'],
      [2, 'DATANODE', 'b:1', '1.0.0', '1s'],
    ],
  ),
  'SQL SELECT * FROM information_schema.procedure_info': rows(
    ['procedure_id', 'procedure_type', 'start_time', 'end_time', 'status', 'lock_keys'],
    [],
  ),
  'SQL SELECT': rows(
    ['region_id', 'peer_id', 'peer_addr', 'is_leader', 'status'],
    [[REGION, 1, 'a:1', 'Yes', 'ALIVE']],
  ),
  'SQL SELECT * FROM information_schema.tables': tables(),
  'SQL SELECT table_': tables(),
  'SQL SELECT version': rows(['version()'], [['1.0.0']]),
};

function tables(): string {
  return rows(
    ['table_catalog', 'table_schema', 'table_name', 'table_type', 'table_id', 'engine', 'create_options'],
    [['greptime', 'public', 'cpu', 'BASE TABLE', 1024, 'mito', '']],
  );
}

/** A cluster of which region_info (in 1.0 there is none) and, at will, region_statistics do not answer. */
function stage() {
  const clock = new VirtualClock();
  const warnings: unknown[] = [];
  const trouble: { statistics: 'none' | 'hang' | 'fail' } = { statistics: 'none' };
  const base = scripted({
    ...CLUSTER,
    'SQL SELECT * FROM information_schema.region_info': sqlError(4001, 'Table not found: region_info'),
    'SQL SELECT * FROM information_schema.region_statistics': () =>
      trouble.statistics === 'fail' ? sqlError(1003, 'Internal error: 1003', 500) : STATISTICS,
  });
  const transport: Transport = {
    ...base,
    request: (request) => {
      if (trouble.statistics !== 'hang' || !request.body?.includes('region_statistics'))
        return base.request(request);
      return new Promise((_, reject) =>
        request.signal.addEventListener('abort', () => reject(new Error('hung'))),
      );
    },
  };
  const onWarning = (message: string, fields: Readonly<Record<string, unknown>>): void => {
    warnings.push([message, fields['what']]);
  };
  const open = () =>
    inVirtualTime(
      clock,
      openCluster(sqlOptions(FRONTENDS), { clock, transport, onWarning }, { signal: NEVER }),
    );
  return { clock, warnings, trouble, open };
}

describe.each(['fail', 'hang'] as const)('region_statistics that %ss', (how) => {
  it.each([true, false])('leaves loads unknown, and stops nothing (while opening: %s)', async (atOpen) => {
    const { clock, warnings, trouble, open } = stage();
    if (atOpen) trouble.statistics = how;
    const cluster = await open();
    trouble.statistics = how;
    const read = () => inVirtualTime(clock, cluster.readSnapshot({ selector: everything, signal: NEVER }));
    const snapshot = await read();
    expect(snapshot.regions).toMatchObject([{ id: String(REGION), leader: '1', status: 'alive' }]);
    expect(snapshot.regions[0]?.load).toBeUndefined();
    const told = warnings.filter((warning) => JSON.stringify(warning).includes('region_statistics'));
    expect(told).toHaveLength(1);
    // It comes back by itself, whenever it answers.
    trouble.statistics = 'none';
    expect((await read()).regions[0]?.load).toMatchObject({ diskBytes: 7, memtableBytes: 5 });
  });
});
