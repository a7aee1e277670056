import { HttpError } from './errors.ts';
import { drainBody, pauseBody, plainBody } from './inputs.ts';
import type { ServerActions, TriggerResult } from './ports.ts';
import { jsonAnswer, route } from './route.ts';
import type { Answer, RawRequest, Route } from './route.ts';
import { drainAnswerSchema, pauseAnswerSchema, resumeAnswerSchema, triggerAnswerSchema } from './schemas.ts';
import { toPauseView } from './status.ts';

/** What an operator may cause. */
export function actionRoutes(actions: ServerActions): Route[] {
  return [pauseRoute(actions), resumeRoute(actions), triggerRoute(actions), drainRoute(actions)];
}

function pauseRoute(actions: ServerActions): Route {
  return route({
    method: 'POST',
    path: '/api/v1/pause',
    access: 'act',
    summary: 'No further move begins, for a while or until resumed. A migration under way goes on.',
    body: pauseBody,
    answers: { 200: jsonAnswer('Paused.', pauseAnswerSchema) },
    handle: async ({ body, request }) => {
      const { for: forMs, reason } = body;
      const paused = await actions.pause({ forMs, reason, by: actorOf(body.by, request) });
      return { kind: 'json', value: { paused: toPauseView(paused) } };
    },
  });
}

function resumeRoute(actions: ServerActions): Route {
  return route({
    method: 'POST',
    path: '/api/v1/resume',
    access: 'act',
    summary: 'Ends a pause.',
    body: plainBody,
    answers: { 200: jsonAnswer('Not paused any more.', resumeAnswerSchema) },
    handle: async ({ body, request }) => {
      await actions.resume({ by: actorOf(body.by, request) });
      return { kind: 'json', value: { paused: null } };
    },
  });
}

function triggerRoute(actions: ServerActions): Route {
  return route({
    method: 'POST',
    path: '/api/v1/trigger',
    access: 'act',
    summary: 'Begins a cycle now instead of at the next tick.',
    body: plainBody,
    answers: {
      202: jsonAnswer('It has begun.', triggerAnswerSchema),
      409: jsonAnswer('A cycle runs already, or none may begin.'),
    },
    handle: async ({ body, request }) =>
      answerTrigger(await actions.trigger({ by: actorOf(body.by, request) })),
  });
}

function answerTrigger(result: TriggerResult): Answer {
  switch (result.kind) {
    case 'started':
      return { kind: 'json', status: 202, value: { cycleId: String(result.cycleId) } };
    case 'running':
      throw new HttpError(409, 'cycle-running', `Cycle ${result.cycleId} is running already.`);
    case 'refused':
      throw new HttpError(409, 'refused', result.detail);
  }
}

function drainRoute(actions: ServerActions): Route {
  return route({
    method: 'POST',
    path: '/api/v1/drain',
    access: 'act',
    summary: 'Empties datanodes from the next cycle on, or with `dryRun` tells what that would move.',
    body: drainBody,
    answers: {
      200: jsonAnswer('The datanodes drain, or would.', drainAnswerSchema),
      404: jsonAnswer('The cluster has no such datanode.'),
    },
    handle: async ({ body, request }) => {
      const { datanodes, dryRun } = body;
      const result = await actions.drain({ datanodes, dryRun, by: actorOf(body.by, request) });
      return { kind: 'json', value: { dryRun, draining: result.draining, plan: result.plan ?? null } };
    },
  });
}

/** Who asked, for history and log: the name is what the client says, the address is what we see. */
function actorOf(name: string | undefined, request: RawRequest): string {
  return `${name === undefined || name === '' ? 'API' : name} (${request.remoteAddress})`;
}
