import { describe, expect, it } from 'vitest';
import { likePattern } from '../../../src/simulator/sql/evaluate.ts';
import { tokenize } from '../../../src/simulator/sql/tokens.ts';
import { play } from './harness.ts';

const PEERS = 'FROM information_schema.region_peers';

describe('SQL that a reader of information_schema sends', () => {
  it.each<[string, unknown[][]]>([
    ['SELECT 1', [[1]]],
    ['SELECT version()', [['1.3.0']]],
    ["SELECT 'it''s', NULL, TRUE, 2 + 3 * 4, -1", [["it's", null, true, 14, -1]]],
    ['SELECT 9007199254740993', [['9007199254740993']]],
    ["SELECT CAST(12 AS STRING), CAST('12' AS BIGINT)", [['12', 12]]],
    [
      'SELECT 1 = 1 AND NOT (2 < 1), NULL = 1, NULL IS NULL, 3 IN (1, 2), 2 BETWEEN 1 AND 3',
      [[true, null, true, false, true]],
    ],
    ["SELECT 'abc' LIKE 'a%', 'abc' NOT LIKE '_b_', 'ABC' ILIKE 'abc'", [[true, false, true]]],
    [`SELECT count(*) ${PEERS} WHERE table_name = 'cpu'`, [[3]]],
    [`SELECT COUNT(*) AS n ${PEERS} WHERE table_name IN ('cpu', 'memory')`, [[6]]],
    [`SELECT region_id ${PEERS} WHERE table_name = 'cpu' ORDER BY region_id DESC LIMIT 1`, [[4398046511106]]],
    [`SELECT region_id ${PEERS} WHERE table_name = 'cpu' ORDER BY 1 LIMIT 1 OFFSET 1`, [[4398046511105]]],
    [`SELECT DISTINCT table_name ${PEERS} WHERE table_name LIKE 'c%'`, [['cpu']]],
    [
      `SELECT count(DISTINCT table_name), min(region_id) ${PEERS} WHERE table_schema <> 'x'`,
      [[6, 4398046511104]],
    ],
    [
      `SELECT p.table_name FROM information_schema.region_peers AS p WHERE p.region_id = '4398046511104'`,
      [['cpu']],
    ],
    ['SELECT table_name FROM information_schema.tables WHERE table_id = 1024', [['cpu']]],
    ['SELECT peer_type FROM information_schema.cluster_info WHERE peer_id <> -1 LIMIT 1', [['DATANODE']]],
    [
      `SELECT "table_name", \`region_id\` ${PEERS} WHERE region_id = 4398046511104 -- the first`,
      [['cpu', 4398046511104]],
    ],
    ['SELECT table_name FROM region_peers WHERE 1 = 2', []],
  ])('%s', async (text, expected) => {
    const db = text.includes('FROM region_peers') ? { db: 'information_schema' } : {};
    expect(await play().rows(text, db)).toEqual(expected);
  });

  it("reads upstream's own query for the distribution of a table", async () => {
    const { rows, cluster } = play();
    const answer = await rows(`SELECT b.peer_id AS datanode_id, a.greptime_partition_id AS region_id
      FROM information_schema.partitions a LEFT JOIN information_schema.region_peers b
      ON a.greptime_partition_id = b.region_id WHERE a.table_name='cpu' ORDER BY datanode_id ASC, region_id ASC;`);
    const expected = [...cluster.leaders()].slice(0, 3).map(([id, leader]) => [Number(leader), Number(id)]);
    expect(answer).toEqual(expected.sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!));
  });

  it('keeps unmatched rows of a left join and drops them from an inner one', async () => {
    const { rows } = play();
    const join = (kind: string): string =>
      `SELECT t.table_name, p.partition_name FROM information_schema.tables t ${kind} JOIN information_schema.partitions p
       ON t.table_name = p.table_name WHERE t.table_name = 'numbers'`;
    expect(await rows(join('LEFT'))).toEqual([['numbers', null]]);
    expect(await rows(join('INNER'))).toEqual([]);
  });

  it('groups', async () => {
    const { rows, cluster } = play({ layout: { metricTables: 0 } });
    const answer = await rows(`SELECT peer_id, count(*) AS n ${PEERS} GROUP BY peer_id ORDER BY n DESC`);
    const led = [...cluster.regionsPerDatanode()].filter(([, count]) => count > 0);
    expect(answer.map(([id, count]) => [String(id), count])).toEqual(led.sort((a, b) => b[1] - a[1]));
  });

  it('answers several statements at once, and one failure hides the others', async () => {
    const { sql } = play();
    expect(JSON.parse((await sql('SELECT 1; SELECT 2;')).body).output).toHaveLength(2);
    expect(JSON.parse((await sql('SELECT 1; SELECT nonsense')).body)).toMatchObject({ code: 3000 });
  });

  it.each<[string, number]>([
    ['SELEC 1', 2000],
    ['SELECT', 2000],
    ['SELECT 1 FROM', 2000],
    ["SELECT 'open", 2000],
    ['SELECT 1 2', 2000],
    ['SELECT * FROM information_schema.tables WHERE', 2000],
    [';', 2000],
    ['DROP TABLE cpu', 1001],
    ['INSERT INTO cpu VALUES (1)', 1001],
    ['SELECT * FROM (SELECT 1)', 1001],
    ['SELECT * FROM cpu', 1001],
    ['SELECT * FROM nothing', 4001],
    ['SELECT * FROM information_schema.nothing', 4001],
    ['SELECT * FROM other.information_schema.tables', 4001],
    ['SELECT colour FROM information_schema.tables', 3000],
    ['SELECT nonsense(1)', 3000],
    ["SELECT CAST('x' AS BIGINT)", 3000],
  ])('%s fails with %i', async (text, code) => {
    expect(await play().error(text)).toMatchObject({ code });
  });
});

it('refuses expressions that are too deep instead of overflowing', async () => {
  const deep = `SELECT ${'('.repeat(100_000)}1${')'.repeat(100_000)}`;
  expect(await play().error(deep)).toMatchObject({ code: 2000 });
});

describe('the small parts', () => {
  it('tokens tell where they stand', () => {
    expect(tokenize('a<>1').map(({ kind, start }) => `${kind}@${start}`)).toEqual([
      'word@0',
      'symbol@1',
      'number@3',
      'end@4',
    ]);
  });

  it('patterns take special characters literally', () => {
    expect(likePattern('%a.b(%', false)?.test('xxa.b(yy')).toBe(true);
    expect(likePattern('%a.b%', false)?.test('axb')).toBe(false);
    expect(likePattern(7, false)).toBeNull();
  });
});
