import { join } from 'node:path';
import ts from 'typescript';

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
}

/** What the Prometheus operator adds, as far as we use it (monitoring.coreos.com/v1). */
const OPERATOR_TYPES = `
import type { LabelSelector, ObjectMeta } from 'kubernetes-types/meta/v1';
interface Endpoint {
  port?: string; path?: string; interval?: string; scheme?: 'http' | 'https';
  tlsConfig?: { serverName?: string; insecureSkipVerify?: boolean };
  authorization?: { type?: string; credentials?: { name?: string; key: string; optional?: boolean } };
}
interface ServiceMonitor {
  apiVersion: 'monitoring.coreos.com/v1'; kind: 'ServiceMonitor'; metadata: ObjectMeta;
  spec: { selector: LabelSelector; endpoints: Endpoint[] };
}
interface PrometheusRule {
  apiVersion: 'monitoring.coreos.com/v1'; kind: 'PrometheusRule'; metadata: ObjectMeta;
  spec: { groups: { name: string; rules: { alert: string; expr: string; for?: string }[] }[] };
}
`;

/**
 * What TypeScript says about these objects as literals of the types that were made of Kubernetes' OpenAPI description (kubernetes-types):
 * unknown fields, missing ones, wrong values.
 */
export function faultsOf(objects: readonly KubernetesObject[]): string[] {
  const lines = objects.map(
    (object, index) => `const _${index}: ${typeOf(object)} = ${JSON.stringify(object)};`,
  );
  const path = join(process.cwd(), 'test/support/chart/objects.ts');
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    lib: ['lib.es5.d.ts'],
    types: [],
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const readFile = host.getSourceFile.bind(host);
  host.getSourceFile = (name, version) =>
    name === path
      ? ts.createSourceFile(name, `${OPERATOR_TYPES}${lines.join('\n')}`, version)
      : readFile(name, version);
  const program = ts.createProgram([path], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

/** `rbac.authorization.k8s.io/v1` Role is in kubernetes-types/rbac/v1. */
function typeOf({ apiVersion, kind }: KubernetesObject): string {
  if (!/^[\w./]+$/.test(apiVersion) || !/^\w+$/.test(kind)) throw new Error(`${apiVersion} ${kind}`);
  if (apiVersion.startsWith('monitoring.coreos.com/')) return kind;
  const [group = '', version] = apiVersion.split('/');
  const module = version === undefined ? `core/${group}` : `${group.split('.')[0] ?? ''}/${version}`;
  return `Required<Pick<import('kubernetes-types/${module}').${kind}, 'apiVersion' | 'kind'>> & import('kubernetes-types/${module}').${kind}`;
}
