import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../../src/config/load.ts';
import { CONFIG_KEYS } from '../../src/config/config.ts';
import { readJson, readText } from '../support/repository.ts';

const CHART = 'deploy/helm/greptime-rebalancer';
const TEMPLATES = readdirSync(join(CHART, 'templates')).map((name) => join(CHART, 'templates', name));
const values: unknown = parse(readText(join(CHART, 'values.yaml')));
const manifest = z.object({ version: z.string() }).parse(readJson('package.json'));

function valueAt(path: string): unknown {
  return path.split('.').reduce((level: unknown, name) => Object(level)[name], values);
}

function load(text: string) {
  return readConfig({ file: { name: 'rebalancer.yaml', folder: '/etc', text }, env: {}, cwd: '/srv' });
}

function asRecord(value: unknown): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).parse(value);
}

interface KubernetesObject {
  readonly kind: string;
  readonly [name: string]: unknown;
}

function objectsIn(path: string): KubernetesObject[] {
  return parseAllDocuments(readText(path)).map((document) => {
    expect(document.errors).toEqual([]);
    return z.looseObject({ kind: z.string() }).parse(document.toJS());
  });
}

describe('the Helm chart', () => {
  const schema = z.fromJSONSchema(
    z.record(z.string(), z.json()).parse(readJson(join(CHART, 'values.schema.json'))),
  );

  test('has values that its schema accepts', () => {
    expect(schema.safeParse(values).error?.issues).toBeUndefined();
  });

  test.each([
    { replicas: 0 },
    { replica: 2 },
    { image: { repository: '' } },
    { service: { port: 70_000 } },
    { ha: { leaseDuration: '15' } },
  ])('refuses %j', (change) => {
    expect(schema.safeParse({ ...asRecord(values), ...change }).success).toBe(false);
  });

  test.each(TEMPLATES)('%s uses only values that exist', (path) => {
    const used = [...readText(path).matchAll(/\.Values((?:\.\w+)+)/g)].map(([, name = '']) => name.slice(1));
    for (const name of used) expect(valueAt(name), name).toBeDefined();
  });

  test('uses every value', () => {
    const all = TEMPLATES.map(readText).join('\n');
    for (const name of Object.keys(asRecord(values))) expect(all).toContain(`.Values.${name}`);
  });

  test.each(TEMPLATES)('%s has as many ends as beginnings', (path) => {
    const text = readText(path).replace(/\{\{-?\s*\/\*[\s\S]*?\*\/\s*-?\}\}/g, '');
    const opened = text.match(/\{\{-?\s*(?:if|range|with|define)\b/g) ?? [];
    expect(text.match(/\{\{-?\s*end\b/g) ?? []).toHaveLength(opened.length);
  });

  test('carries a configuration that the rebalancer reads, in dry run', () => {
    const config = load(JSON.stringify(valueAt('config')));
    expect(config.execution.dryRun).toBe(true);
    const keys = new Set(CONFIG_KEYS.map(({ path }) => path));
    for (const key of Object.keys(asRecord(valueAt('ha')))) expect(keys).toContain(`ha.${key}`);
  });

  test('has the version of the package', () => {
    const chart: unknown = parse(readText(join(CHART, 'Chart.yaml')));
    expect(chart).toMatchObject({ version: manifest.version, appVersion: manifest.version });
  });

  test.each(['dashboard.json', 'alerts.yaml'])('brings grafana/%s', (name) => {
    expect(readFileSync(join(CHART, 'files', name), 'utf8')).toBe(readText(join('grafana', name)));
  });

  test('asks for no more rights than get and update of one Lease, and create', () => {
    const rbac = readText(join(CHART, 'templates/rbac.yaml'));
    expect([...rbac.matchAll(/verbs: \[(.*)\]/g)].map(([, verbs]) => verbs)).toEqual([
      'create',
      'get, update',
    ]);
    expect(rbac).not.toContain('*');
    expect(rbac).not.toContain('ClusterRole');
  });
});

/** What every pod of ours must have. */
const HARDENING = [
  'runAsNonRoot: true',
  'seccompProfile: { type: RuntimeDefault }',
  'allowPrivilegeEscalation: false',
  'readOnlyRootFilesystem: true',
  'capabilities: { drop: [ALL] }',
];

describe.each([join(CHART, 'templates/statefulset.yaml'), 'deploy/kubernetes/rebalancer.yaml'])(
  'the pod of %s',
  (path) => {
    test.each(HARDENING)('has %s', (line) => expect(readText(path)).toContain(line));

    test('runs as the user of the image, on its port, with its health checks', () => {
      const text = readText(path);
      const [, user] = /^USER (\d+):\d+$/m.exec(readText('Dockerfile')) ?? [];
      expect(text).toContain(`runAsUser: ${user}`);
      expect(text).toContain('containerPort: 9480');
      expect(text).toMatch(/path: \/healthz/);
      expect(text).toMatch(/path: \/readyz/);
    });
  },
);

describe('the plain manifests', () => {
  test('parse, and their configuration is read by the rebalancer', () => {
    const objects = objectsIn('deploy/kubernetes/rebalancer.yaml');
    expect(objects.map(({ kind }) => kind)).toEqual([
      'ServiceAccount',
      'ConfigMap',
      'Service',
      'StatefulSet',
    ]);
    const data = z.object({ data: z.object({ 'rebalancer.yaml': z.string() }) }).parse(objects[1]).data;
    expect(load(data['rebalancer.yaml'])).toMatchObject({
      execution: { dryRun: true },
      state: { path: '/data' },
      server: { listen: { host: '0.0.0.0', port: 9_480 } },
    });
  });

  test('a second replica gets the rights that the chart gives', () => {
    const [role] = objectsIn('deploy/kubernetes/ha.yaml');
    expect(role).toMatchObject({
      kind: 'Role',
      rules: [{ verbs: ['create'] }, { resourceNames: ['greptime-rebalancer'], verbs: ['get', 'update'] }],
    });
    expect(load('ha: { provider: kubernetes }').ha.kubernetes.lease).toBe('greptime-rebalancer');
  });
});

describe('the compose file', () => {
  const service = z.looseObject({
    image: z.string().optional(),
    command: z.array(z.string()).optional(),
    volumes: z.array(z.string()).optional(),
    depends_on: z.unknown().optional(),
  });
  const compose = z
    .object({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.object({})) })
    .parse(parse(readText('deploy/compose/compose.yaml'), { merge: true }));
  const services = Object.entries(compose.services);

  test.each(services)(
    '%s mounts only what exists and depends on what is there',
    (_, { volumes = [], depends_on }) => {
      for (const volume of volumes) {
        const [source = ''] = volume.split(':');
        if (source.startsWith('.')) expect(existsSync(join('deploy/compose', source)), source).toBe(true);
        else expect(compose.volumes).toHaveProperty([source]);
      }
      const names = Array.isArray(depends_on) ? depends_on : Object.keys(asRecord(depends_on ?? {}));
      for (const name of names) expect(compose.services).toHaveProperty([String(name)]);
    },
  );

  test.each(services)('%s names a version of its image', (_, { image = '' }) => {
    expect(image).toMatch(/^(?:[a-z.]+\/\S+:\S*\d\S*|greptime-rebalancer)$/);
    expect(image).not.toContain('latest');
  });

  test('its configuration is read by the rebalancer: two replicas, in dry run', () => {
    const config = load(readText('deploy/compose/rebalancer.yaml'));
    expect(config).toMatchObject({ execution: { dryRun: true }, ha: { provider: 'etcd' } });
    const replicas = services.filter(([, { image }]) => image === 'greptime-rebalancer');
    expect(replicas).toHaveLength(2);
  });

  test('datanodes share an object store and a remote write-ahead log', () => {
    const text = readText('deploy/compose/greptimedb/datanode.toml');
    expect(text).toContain('type = "S3"');
    expect(text).toContain('provider = "kafka"');
  });
});
