import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/domain/errors.ts';
import { parseSnapshot, snapshotChunks } from '../../../src/domain/snapshot-file.ts';
import type { Region, Snapshot } from '../../../src/domain/snapshot.ts';
import { withField } from '../../support/mutate.ts';

const SNAPSHOT: Snapshot = {
  formatVersion: 1,
  takenAt: '2026-11-22T13:00:00.000Z',
  cluster: { name: 'prod', api: 'sql', version: '1.3.0' },
  datanodes: [
    { id: '0', addr: '10.0.0.10:4001', status: 'alive' },
    { id: '10', addr: '10.0.0.20:4001', status: 'dead' },
  ],
  tables: [
    {
      id: '1024',
      catalog: 'greptime',
      schema: 'public',
      name: 'cpu',
      engine: 'metric',
      logicalTables: [{ id: '1030', schema: 'public', name: 'log "a"' }],
    },
  ],
  regions: [
    {
      id: '4398046511104',
      tableId: '1024',
      leader: '0',
      followers: ['2'],
      status: 'alive',
      load: { writeBytesPerSecond: 0, memtableBytes: 1.5, diskBytes: 12_345_678_901_234_567 },
    },
    { id: '18446744073709551615', tableId: '4294967295', leader: null, status: 'staging' },
  ],
};

const format = (snapshot: Snapshot): string => [...snapshotChunks(snapshot)].join('');

const changed = (path: string, value: unknown): string => withField(format(SNAPSHOT), path, value);

describe('a snapshot file', () => {
  it('reads back as what was written', () => {
    expect(parseSnapshot(format(SNAPSHOT))).toEqual(SNAPSHOT);
  });

  it('has one item a line, sorted by id, and keys in one order', () => {
    expect(format(SNAPSHOT)).toBe(
      [
        '{',
        '  "formatVersion": 1,',
        '  "takenAt": "2026-11-22T13:00:00.000Z",',
        '  "cluster": {"name":"prod","api":"sql","version":"1.3.0"},',
        '  "datanodes": [',
        '    {"id":"0","addr":"10.0.0.10:4001","status":"alive"},',
        '    {"id":"10","addr":"10.0.0.20:4001","status":"dead"}',
        '  ],',
        '  "tables": [',
        '    {"id":"1024","catalog":"greptime","schema":"public","name":"cpu","engine":"metric","logicalTables":[{"id":"1030","schema":"public","name":"log \\"a\\""}]}',
        '  ],',
        '  "regions": [',
        '    {"id":"4398046511104","tableId":"1024","leader":"0","followers":["2"],"status":"alive","load":{"writeBytesPerSecond":0,"memtableBytes":1.5,"diskBytes":12345678901234568}},',
        '    {"id":"18446744073709551615","tableId":"4294967295","leader":null,"status":"staging"}',
        '  ]',
        '}',
        '',
      ].join('\n'),
    );
  });

  it('has the same bytes for the same cluster, in whatever order it was read', () => {
    const shuffled: Snapshot = {
      ...SNAPSHOT,
      datanodes: SNAPSHOT.datanodes.toReversed(),
      regions: SNAPSHOT.regions
        .map((region) => ({ ...region, followers: region.followers ?? [] }))
        .toReversed(),
    };
    expect(format(shuffled)).toBe(format(SNAPSHOT));
  });

  it('has lists that are empty, too', () => {
    const empty: Snapshot = { ...SNAPSHOT, datanodes: [], tables: [], regions: [] };
    expect(parseSnapshot(format(empty))).toEqual(empty);
  });

  it('is written in pieces of bounded size', () => {
    const regions = Array.from({ length: 5_000 }, (_, index): Region => {
      return { id: String(index), tableId: '1024', leader: '0', status: 'alive' };
    });
    const chunks = [...snapshotChunks({ ...SNAPSHOT, regions })];
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBeLessThan(70_000);
    expect(parseSnapshot(chunks.join('')).regions).toHaveLength(5_000);
  });

  it('may have ids that are JSON numbers, and reads them exactly', () => {
    const text = format(SNAPSHOT).replace(/"(\d+)"/g, '$1');
    expect(parseSnapshot(text).regions[1]).toMatchObject({
      id: '18446744073709551615',
      tableId: '4294967295',
    });
  });

  it('may begin with a byte order mark, and end with blank lines', () => {
    expect(parseSnapshot(`\u{feff}${format(SNAPSHOT)}\n\n`)).toEqual(SNAPSHOT);
  });

  it.each([
    ['an unknown table', 'regions.0.tableId', '77'],
    ['an unknown leader', 'regions.0.leader', '77'],
    ['no followers', 'regions.0.followers', undefined],
    ['no load', 'regions.0.load', undefined],
    ['a load with fewer fields', 'regions.0.load', { diskBytes: 1 }],
    ['a time with an offset', 'takenAt', '2024-02-29T23:59:59+01:00'],
  ])('may have %s', (_name, path, value) => {
    const text = changed(path, value);
    expect(parseSnapshot(text)).toEqual(JSON.parse(text));
  });

  it.each([
    ['version', 'cluster.version'],
    ['address', 'datanodes.0.addr'],
    ['engine', 'tables.0.engine'],
  ])('need not have a %s, which is empty then', (_name, path) => {
    expect(parseSnapshot(changed(path, undefined))).toEqual(JSON.parse(changed(path, '')));
  });

  it.each(['color', 'regions.0.color', 'regions.0.load.color', 'tables.0.color'])(
    'may have the unknown field %s, which is ignored',
    (path) => {
      expect(parseSnapshot(changed(path, 'red'))).toEqual(SNAPSHOT);
    },
  );

  it('may list regions in any order, each once', () => {
    const { regions } = SNAPSHOT;
    expect(parseSnapshot(changed('regions', regions.toReversed())).regions).toEqual(regions.toReversed());
    expect(() => parseSnapshot(changed('regions', [...regions.toReversed(), regions[0]]))).toThrow(
      'regions[2].id: found "4398046511104", wanted each id once; regions[1] has it already',
    );
  });

  it.each([
    [
      'formatVersion',
      2,
      'formatVersion: found 2, wanted 1, the only version of a snapshot file that this release reads',
    ],
    ['formatVersion', undefined, 'formatVersion: found nothing, wanted 1'],
    [
      'takenAt',
      'yesterday',
      'takenAt: found "yesterday", wanted a date and time like 2026-11-22T13:00:00.000Z',
    ],
    ['takenAt', '2026-02-29T13:00:00Z', 'takenAt: found "2026-02-29T13:00:00Z"'],
    ['takenAt', '2026-13-01T13:00:00Z', 'takenAt: found'],
    ['takenAt', '2026-04-31T13:00:00Z', 'takenAt: found'],
    ['takenAt', '2026-04-30T13:00:60Z', 'takenAt: found'],
    ['takenAt', 1_732_280_400_000, 'takenAt: found 1732280400000'],
    ['cluster', null, 'cluster: found null, wanted an object'],
    ['cluster.api', 'http', 'cluster.api: found "http", wanted "sql" or "metasrv"'],
    ['datanodes', {}, 'datanodes: found {}, wanted a list'],
    ['datanodes.0.status', 'down', 'datanodes[0].status: found "down", wanted "alive" or "dead"'],
    ['datanodes.1.id', 0, 'datanodes[1].id: found 0, wanted each id once; datanodes[0] has it already'],
    ['tables.0.name', 7, 'tables[0].name: found 7, wanted a text'],
    ['tables.0', null, 'tables[0]: found null, wanted an object'],
    ['tables.0.logicalTables.0.id', 'x', 'tables[0].logicalTables[0].id: found "x", wanted a table id'],
    ['regions', undefined, 'regions: found nothing, wanted a list'],
    ['regions.0', [], 'regions[0]: found [], wanted an object'],
    ['regions.0.id', 1.5, 'regions[0].id: found 1.5, wanted a region id (decimal string)'],
    ['regions.0.id', '18446744073709551616', 'regions[0].id: found "18446744073709551616"'],
    [
      'regions.1.id',
      '4398046511104',
      'regions[1].id: found "4398046511104", wanted each id once; regions[0]',
    ],
    ['regions.1.leader', -3, 'regions[1].leader: found -3, wanted a datanode id (decimal string) or null'],
    ['regions.1.leader', undefined, 'regions[1].leader: found nothing'],
    ['regions.0.followers', '2', 'regions[0].followers: found "2", wanted a list'],
    ['regions.0.followers.0', null, 'regions[0].followers[0]: found null, wanted a datanode id'],
    ['regions.0.status', 'ok', 'regions[0].status: found "ok", wanted "alive" or "migrating" or "staging"'],
    ['regions.0.load.diskBytes', -1, 'regions[0].load.diskBytes: found -1, wanted a number of at least 0'],
    [
      'regions.0.load.diskBytes',
      '12',
      'regions[0].load.diskBytes: found "12", wanted a number of at least 0',
    ],
    ['regions.0.load', 5, 'regions[0].load: found 5, wanted an object'],
    ['regions.0.status', 'x'.repeat(500), `regions[0].status: found "${'x'.repeat(59)}…, wanted`],
  ])('with %s %j is refused: %3$s', (path, value, message) => {
    const read = (): Snapshot => parseSnapshot(changed(path, value));
    expect(read).toThrow(UsageError);
    expect(read).toThrow(message);
  });

  it.each([
    ['', 'not JSON at line 1, column 1: found the end of the text, wanted a value'],
    ['<html>', 'not JSON at line 1, column 1: found "<", wanted a value'],
    [
      '{\n "formatVersion": 1,\n}',
      'not JSON at line 3, column 1: found "}", wanted a property name in double quotes',
    ],
    ['{"id": 18446744073709551615, oops}', 'not JSON at line 1, column 30: found "o"'],
    ['[]', 'the document: found [], wanted an object'],
    ['null', 'the document: found null, wanted an object'],
  ])('that is no snapshot at all is refused: %j', (text, message) => {
    expect(() => parseSnapshot(text)).toThrow(message);
    expect(() => parseSnapshot(text)).toThrow(UsageError);
  });

  it('that was cut off anywhere is refused, with the place', () => {
    const text = format(SNAPSHOT).trimEnd();
    for (let length = 0; length < text.length; length += 1)
      expect(() => parseSnapshot(text.slice(0, length))).toThrow(/^not JSON at line \d+, column \d+: /);
  });
});
