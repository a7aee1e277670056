import { z } from 'zod';
import type { JsonRequest, JsonResponse } from '../../../src/ha/http.ts';

const leaseSchema = z.looseObject({
  apiVersion: z.literal('coordination.k8s.io/v1'),
  kind: z.literal('Lease'),
  metadata: z.looseObject({ name: z.string(), resourceVersion: z.string().optional() }),
  spec: z.strictObject({
    holderIdentity: z.string().optional(),
    leaseDurationSeconds: z.number().int().positive().optional(),
    acquireTime: z.string().regex(microTime()).optional(),
    renewTime: z.string().regex(microTime()).optional(),
    leaseTransitions: z.number().int().nonnegative().optional(),
  }),
});
type Lease = z.infer<typeof leaseSchema>;

/** RFC 3339 with six digits, the only form that the API server takes. */
function microTime(): RegExp {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
}

const MAX_ANNOTATION_BYTES = 262_144;

/** The Leases of one API server, strict about resource versions and about what a Lease may hold. */
export class LeaseDouble {
  readonly token: string;
  readonly leases = new Map<string, Lease>();
  /** Answers of all writes so far. */
  readonly writes: number[] = [];
  #version = 100;

  constructor(token = 'token') {
    this.token = token;
  }

  answer({
    method,
    url,
    headers,
    body,
  }: Pick<JsonRequest, 'method' | 'url' | 'headers' | 'body'>): JsonResponse {
    if (headers?.['authorization'] !== `Bearer ${this.token}`) return failure(401, 'Unauthorized');
    const [, namespace, name = ''] =
      /\/apis\/coordination\.k8s\.io\/v1\/namespaces\/([^/]+)\/leases(?:\/([^/]+))?$/.exec(url) ?? [];
    if (namespace !== 'ops') return failure(403, 'Forbidden');
    // Through JSON, as over a wire.
    const sent: unknown = body === undefined ? undefined : JSON.parse(JSON.stringify(body));
    const answer = this.#answer(method, name, sent);
    if (method !== 'GET') this.writes.push(answer.status);
    return answer;
  }

  #answer(method: JsonRequest['method'], name: string, body: unknown): JsonResponse {
    if (method === 'GET') {
      const found = this.leases.get(name);
      return found ? success(200, found) : failure(404, 'NotFound');
    }
    const parsed = leaseSchema.safeParse(body);
    if (!parsed.success) return failure(422, 'Invalid', parsed.error.message);
    const lease = parsed.data;
    if (JSON.stringify(lease.metadata['annotations'] ?? {}).length > MAX_ANNOTATION_BYTES)
      return failure(422, 'Invalid', 'metadata.annotations: Too long');
    if (method === 'POST') {
      if (lease.metadata.resourceVersion !== undefined) return failure(400, 'BadRequest');
      if (this.leases.has(lease.metadata.name)) return failure(409, 'AlreadyExists');
      return success(201, this.#store(lease));
    }
    const before = this.leases.get(name);
    if (!before || lease.metadata.name !== name) return failure(404, 'NotFound');
    if (lease.metadata.resourceVersion !== before.metadata.resourceVersion) return failure(409, 'Conflict');
    return success(200, this.#store(lease));
  }

  #store(lease: Lease): Lease {
    this.#version += 1;
    const stored = { ...lease, metadata: { ...lease.metadata, resourceVersion: String(this.#version) } };
    this.leases.set(lease.metadata.name, stored);
    return stored;
  }
}

function success(status: number, value: object): JsonResponse {
  return { status, text: JSON.stringify(value) };
}

function failure(code: number, reason: string, message = reason): JsonResponse {
  return { status: code, text: JSON.stringify({ kind: 'Status', status: 'Failure', code, reason, message }) };
}
