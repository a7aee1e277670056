import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/domain/errors.ts';
import { findProfile, profileNames, PROFILES } from '../../../src/simulator/index.ts';
import { cases, play, recordsOf } from './harness.ts';

describe('profiles are found', () => {
  it.each(
    cases(`
      0.5.1  | 0.5.1
      0.6    | 0.6.0
      legacy | 0.6.0
      0.7    | 0.7.2
      0.7.0  | 0.7.0
      0.8    | 0.8.2
      0.9    | 0.9.5
      0.9.0  | 0.9.0
      0.12   | 0.12.0
      0.14   | 0.14.0
      0.16   | 0.16.0
      0.17   | 0.17.0
      1.0    | 1.0.2
      1.0.0  | 1.0.0
      1.0.1  | 1.0.2
      1.1    | 1.1.0
      v1.3   | 1.3.0
      latest | 1.3.0
    `),
  )('%s means %s', (name = '', version) => {
    expect(findProfile(name).version).toBe(version);
  });

  it.each(['', '2.0', '0.6.9', 'newest', '1.3.0.0'])('and %j is refused with the known names', (name) => {
    expect(() => findProfile(name)).toThrow(UsageError);
    expect(() => findProfile(name)).toThrow(/known: .*1\.3/);
  });

  it('under every name that is listed', () => {
    for (const name of profileNames()) expect(PROFILES).toContain(findProfile(name));
  });
});

const PEERS = 'region_id peer_id peer_addr is_leader status down_seconds';
const STATISTICS = 'region_id table_id region_number';
const KIND = 'engine region_role';
/** Tables and columns as documented for each version of GreptimeDB. */
const TABLES = cases(`
  0.6.0  | region_peers          | none
  0.6.0  | greptime_region_peers | none
  0.6.0  | cluster_info          | none
  0.7.0  | greptime_region_peers | ${PEERS}
  0.7.0  | region_peers          | none
  0.7.0  | cluster_info          | none
  0.7.0  | tables                | table_catalog table_schema table_name table_type table_id engine
  0.8.2  | region_peers          | ${PEERS}
  0.8.2  | greptime_region_peers | none
  0.8.2  | cluster_info          | peer_id peer_type peer_addr version git_commit start_time uptime active_time
  0.8.2  | region_statistics     | none
  0.9.0  | region_statistics     | none
  0.9.0  | procedure_info        | none
  0.9.5  | region_statistics     | ${STATISTICS} memtable_size manifest_size sst_size ${KIND}
  0.9.5  | procedure_info        | procedure_id procedure_type start_time end_time status lock_keys
  0.14.0 | region_peers          | table_catalog table_schema table_name ${PEERS}
  0.14.0 | region_statistics     | ${STATISTICS} region_rows disk_size memtable_size manifest_size sst_size index_size ${KIND}
  0.14.0 | region_info           | none
  0.16.0 | region_statistics     | ${STATISTICS} region_rows disk_size memtable_size manifest_size sst_size sst_num index_size ${KIND}
  1.0.0  | region_statistics     | ${STATISTICS} region_rows written_bytes_since_open disk_size memtable_size manifest_size sst_size sst_num index_size ${KIND}
  1.0.0  | cluster_info          | peer_id peer_type peer_addr peer_hostname total_cpu_millicores total_memory_bytes cpu_usage_millicores memory_usage_bytes version git_commit start_time uptime active_time node_status
  1.0.0  | region_info           | none
  1.3.0  | region_statistics     | ${STATISTICS} region_rows written_bytes_since_open query_cpu_time_millis query_scanned_bytes disk_size memtable_size manifest_size sst_size sst_num index_size ${KIND}
  1.3.0  | region_info           | region_id table_id region_number region_group region_sequence state role writable committed_sequence flushed_sequence manifest_version compaction_time_window region_options sst_format node_id
`);

describe('each version has its own tables and columns', () => {
  it.each(TABLES)('%s %s: %s', async (profile = '', table = '', columns) => {
    const { body } = await play({ profile }).sql(`SELECT * FROM information_schema.${table}`);
    if (columns === 'none')
      expect(JSON.parse(body)).toMatchObject({
        code: 4001,
        error: expect.stringContaining(`Table not found: greptime.information_schema.${table}`),
      });
    else expect(recordsOf(body).columns.join(' ')).toBe(columns);
  });
});
