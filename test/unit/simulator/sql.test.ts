import { describe, expect, it } from 'vitest';
import { play } from './harness.ts';

const PEERS = 'FROM information_schema.region_peers';
const NODES = 'FROM information_schema.cluster_info';

describe('SQL that a reader of information_schema sends', () => {
  it.each<[string, unknown[][]]>([
    ['SELECT version()', [['1.3.0']]],
    [`SELECT region_id, table_name ${PEERS} WHERE table_name = 'cpu' LIMIT 1`, [[4398046511104, 'cpu']]],
    ['select region_id from information_schema.region_peers limit 1;', [[4398046511104]]],
    [`SELECT table_name ${PEERS} WHERE region_id = '4398046511104'`, [['cpu']]],
    [`SELECT table_name ${PEERS} WHERE region_id=4398046511104 AND is_leader='Yes' -- the first`, [['cpu']]],
    [`SELECT table_name ${PEERS} WHERE region_id = 4398046511104 AND is_leader = 'No'`, []],
    [`SELECT region_id ${PEERS} WHERE table_name = 'it''s'`, []],
    [`SELECT region_id ${PEERS} ORDER BY region_id DESC LIMIT 1`, [[4419521347586]]],
    [`SELECT region_id ${PEERS} ORDER BY region_id LIMIT 2`, [[4398046511104], [4398046511105]]],
    [`SELECT peer_type ${NODES} WHERE peer_id = -1 AND peer_type = 'METASRV'`, [['METASRV']]],
    ['SELECT region_id FROM region_peers LIMIT 0', []],
    ['SELECT table_name FROM greptime.information_schema.tables WHERE table_id = 1024', [['cpu']]],
  ])('%s', async (text, expected) => {
    const db = text.includes('FROM region_peers') ? { db: 'information_schema' } : {};
    expect(await play().rows(text, db)).toEqual(expected);
  });

  it.each<[string, number, RegExp]>([
    ['SELEC 1', 2000, /Expected: an SQL statement, found: SELEC/],
    ['', 2000, /Expected: an SQL statement, found: EOF/],
    [';', 2000, /./],
    ['constructor', 2000, /./],
    ['SELECT', 2000, /Expected: a name, found: EOF/],
    ['SELECT * FROM', 2000, /found: EOF/],
    ["SELECT * FROM t WHERE a = 'open", 2000, /found: '/],
    ['SELECT * FROM information_schema.tables WHERE', 2000, /a column/],
    ['SELECT * FROM information_schema.tables WHERE table_id > 1', 2000, /Expected: =, found: >/],
    ['SELECT * FROM information_schema.tables LIMIT many', 2000, /a number/],
    ['SELECT * FROM information_schema.tables t', 2000, /end of statement/],
    ['SELECT version(); SELECT version()', 2000, /end of statement/],
    ['SELECT version(', 2000, /./],
    ['ADMIN', 2000, /a function/],
    ['DROP TABLE cpu', 1001, /keyword: DROP/],
    ['insert INTO cpu VALUES (1)', 1001, /keyword: INSERT/],
    ['SELECT * FROM cpu', 1001, /greptime\.public\.cpu/],
    ['SELECT * FROM nothing', 4001, /greptime\.public\.nothing/],
    ['SELECT * FROM information_schema.nothing', 4001, /./],
    ['SELECT * FROM other.information_schema.tables', 4001, /./],
    ['SELECT colour FROM information_schema.tables', 3000, /No field named colour/],
    ['SELECT * FROM information_schema.tables WHERE colour = 1', 3000, /colour/],
    ['SELECT * FROM information_schema.tables ORDER BY colour', 3000, /colour/],
    ['SELECT nonsense(1)', 3000, /nonsense/],
  ])('%s fails with %i', async (text, code, error) => {
    expect(await play().error(text)).toMatchObject({ code, error: expect.stringMatching(error) });
  });
});
