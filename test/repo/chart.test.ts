import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../../src/config/load.ts';
import { headerOf, RENDERED, RENDERINGS } from '../support/chart/chart.ts';
import { faultsOf, type KubernetesObject } from '../support/chart/kubernetes-types.ts';
import { readText } from '../support/repository.ts';

const objectSchema = z.looseObject({ apiVersion: z.string(), kind: z.string() });
const COMPILER_LIMIT_MS = 120_000;

function objectsIn(path: string): z.infer<typeof objectSchema>[] {
  return parseAllDocuments(readText(path)).map((document) => {
    expect(document.errors).toEqual([]);
    return objectSchema.parse(document.toJS());
  });
}

const rendered = (name: string): string => join(RENDERED, `${name}.yaml`);
const kindsOf = (objects: readonly KubernetesObject[]): string[] => objects.map(({ kind }) => kind).sort();

describe('what Helm makes of the chart', () => {
  test.each(RENDERINGS)(
    '$name: is of the chart as it is; else run scripts/render-chart.ts',
    ({ name, values }) => {
      expect(readText(rendered(name)).split('\n')[0]).toBe(headerOf(values));
    },
  );

  test('by default one replica without rights, and no more than it needs', () => {
    const objects = objectsIn(rendered('default'));
    expect(kindsOf(objects)).toEqual(['ConfigMap', 'Service', 'ServiceAccount', 'StatefulSet']);
  });

  test('with everything asked for', () => {
    expect(kindsOf(objectsIn(rendered('full')))).toEqual([
      ...[
        'ConfigMap',
        'ConfigMap',
        'NetworkPolicy',
        'PodDisruptionBudget',
        'PrometheusRule',
        'Role',
        'RoleBinding',
      ],
      ...['Service', 'ServiceAccount', 'ServiceMonitor', 'StatefulSet'],
    ]);
  });

  test.each([
    { name: 'default', wanted: { ha: { provider: 'none' }, state: { path: '/data' } } },
    {
      name: 'full',
      wanted: {
        cluster: { sql: { username: 'rebalancer', passwordFile: '/run/secrets/greptimedb/password' } },
        ha: { provider: 'kubernetes', kubernetes: { lease: 'rebalancer-greptime-rebalancer' } },
        server: {
          tokenFile: '/run/secrets/server/token',
          listen: { host: '0.0.0.0', port: 9_480 },
          tls: { certFile: '/run/secrets/tls/tls.crt', keyFile: '/run/secrets/tls/tls.key' },
        },
      },
    },
  ])('$name: a configuration that the rebalancer reads', ({ name, wanted }) => {
    const found = objectsIn(rendered(name)).find((object) => object['data'] && object.kind === 'ConfigMap');
    const { data } = z.object({ data: z.object({ 'rebalancer.yaml': z.string() }) }).parse(found);
    const file = { name: 'rebalancer.yaml', folder: '/etc', text: data['rebalancer.yaml'] };
    expect(readConfig({ file, env: {}, cwd: '/' })).toMatchObject({ ...wanted, execution: { dryRun: true } });
  });

  test.each([
    { name: 'default', scheme: 'HTTP', monitored: undefined, mounts: ['config', 'state'] },
    {
      name: 'full',
      scheme: 'HTTPS',
      monitored: {
        scheme: 'https',
        tlsConfig: { serverName: 'rebalancer.example' },
        authorization: { credentials: { name: 'rebalancer-token', key: 'token' } },
      },
      mounts: ['config', 'state', 'greptimedb', 'server', 'tls', 'ca'],
    },
  ])('$name: what asks the port asks as it is served', ({ name, scheme, monitored, mounts }) => {
    const objects = objectsIn(rendered(name));
    const [set, monitor] = ['StatefulSet', 'ServiceMonitor'].map((kind) =>
      objects.find((object) => object.kind === kind),
    );
    const probe = { httpGet: { scheme } };
    const volumeMounts = mounts.map((mount) => ({ name: mount }));
    const container = { livenessProbe: probe, readinessProbe: probe, volumeMounts };
    expect(set).toMatchObject({ spec: { template: { spec: { containers: [container] } } } });
    if (monitored) expect(monitor).toMatchObject({ spec: { endpoints: [monitored] } });
    else expect(monitor).toBeUndefined();
  });

  test('names and labels fit together', () => {
    const [set, service, role] = ['StatefulSet', 'Service', 'Role'].map((kind) =>
      objectsIn(rendered('full')).find((object) => object.kind === kind),
    );
    const labels = z
      .object({ spec: z.object({ selector: z.record(z.string(), z.string()) }) })
      .parse(service);
    expect(set).toMatchObject({
      spec: {
        selector: { matchLabels: labels.spec.selector },
        template: {
          metadata: { labels: labels.spec.selector },
          spec: { serviceAccountName: 'rebalancer-greptime-rebalancer', automountServiceAccountToken: true },
        },
      },
    });
    expect(role).toMatchObject({
      rules: [{ verbs: ['create'] }, { resourceNames: ['rebalancer-greptime-rebalancer'] }],
    });
  });
});

describe('by the types of Kubernetes', () => {
  test(
    'the rendered chart and the plain manifests have no unknown field, no wrong type, and lack none',
    { timeout: COMPILER_LIMIT_MS },
    () => {
      const paths = [
        ...RENDERINGS.map(({ name }) => rendered(name)),
        ...['rebalancer', 'ha'].map((name) => `deploy/kubernetes/${name}.yaml`),
      ];
      expect(faultsOf(paths.flatMap(objectsIn))).toEqual([]);
    },
  );

  test('faults are found', { timeout: COMPILER_LIMIT_MS }, () => {
    const meta = { metadata: { name: 'x' } };
    const faults = faultsOf([
      { apiVersion: 'v1', kind: 'Service', ...meta, ...{ spec: { ports: [{ port: 80, prot: 1 }] } } },
      { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', ...meta, ...{ spec: { minAvailable: true } } },
      { apiVersion: 'apps/v1', kind: 'StatefulSets', ...meta },
    ]);
    expect(faults.join('\n')).toMatch(
      /"prot"' does not exist[^]*'true' is not assignable[^]*no exported member 'StatefulSets'/,
    );
  });
});
