import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/** A metasrv of GreptimeDB 0.7 that answers from memory at once, in a thread of its own: what is measured is the client. */
const tables = Number(workerData);
const FIRST_TABLE = 1024;
const name = (index: number): string => `table_${index}`;
const names = Array.from({ length: tables }, (_, index) => name(index));

function tableInfo(id: number): unknown {
  const index = id - FIRST_TABLE;
  return {
    table_info: {
      ident: { table_id: id, version: 1 },
      name: name(index),
      catalog_name: 'greptime',
      schema_name: 'public',
      table_type: 'Base',
      meta: { engine: 'mito', options: {} },
    },
    version: 1,
  };
}

function route(id: number): unknown {
  return {
    type: 'physical',
    region_routes: [
      {
        region: {
          id: id * 4_294_967_296,
          name: '',
          partition: { column_list: [], value_list: ['"MaxValue"'] },
          attrs: {},
        },
        leader_peer: { id: id % 3, addr: `10.0.0.${id % 3}:4001` },
        follower_peers: [],
        leader_down_since: null,
      },
    ],
    version: 1,
  };
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://metasrv');
  const address = (server.address() as AddressInfo).port;
  const json = (value: unknown): unknown => response.end(JSON.stringify(value));
  switch (url.pathname) {
    case '/admin/health':
      return response.end('OK\n');
    case '/admin/leader':
      return response.end(`127.0.0.1:${address}`);
    case '/admin/node-lease':
      return json(
        [0, 1, 2].map((id) => ({
          name: { cluster_id: 0, node_id: id },
          human_time: '',
          lease: { timestamp_millis: Date.now(), node_addr: `10.0.0.${id}:4001` },
        })),
      );
    case '/admin/heartbeat':
      return json([]);
    case '/admin/catalogs':
      return json(['greptime']);
    case '/admin/schemas':
      return json(['public']);
    case '/admin/tables':
      return json(names);
    case '/admin/table': {
      const ids = url.searchParams.get('table_ids')?.split(',').map(Number);
      const named = url.searchParams.get('table');
      const wanted = ids ?? (named === null ? [] : [FIRST_TABLE + names.indexOf(named)]);
      return json(Object.fromEntries(wanted.map((id) => [String(id), tableInfo(id)])));
    }
    case '/admin/route': {
      const id = url.searchParams.get('table_id');
      const named = url.searchParams.get('table');
      return json(route(id === null ? FIRST_TABLE + Number(named?.slice('table_'.length)) : Number(id)));
    }
    default:
      response.statusCode = 404;
      return response.end();
  }
});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
