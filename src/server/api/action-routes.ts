import { HttpError } from '../http/errors.ts';
import { drainBody, pauseBody, plainBody, releaseBody, undrainBody } from './inputs.ts';
import type { ServerActions, TriggerResult } from './ports.ts';
import { jsonAnswer, route } from '../http/route.ts';
import type { Answer, RawRequest, Route } from '../http/route.ts';
import {
  drainAnswerSchema,
  pauseAnswerSchema,
  releaseAnswerSchema,
  resumeAnswerSchema,
  triggerAnswerSchema,
  undrainAnswerSchema,
} from './answers.ts';
import { toPauseView } from './status.ts';

/** What an operator may cause. */
export function actionRoutes(actions: ServerActions): Route[] {
  return [
    pauseRoute(actions),
    resumeRoute(actions),
    triggerRoute(actions),
    drainRoute(actions),
    undrainRoute(actions),
    releaseRoute(actions),
  ];
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

function undrainRoute(actions: ServerActions): Route {
  return route({
    method: 'POST',
    path: '/api/v1/undrain',
    access: 'act',
    summary:
      'Ends drains that were asked for over the API. Regions that were moved away come back as the balance wants it.',
    body: undrainBody,
    answers: {
      200: jsonAnswer('The datanodes do not drain any more.', undrainAnswerSchema),
      409: jsonAnswer(
        'One of them does not drain, or drains because the configuration says so; nothing was changed.',
      ),
    },
    handle: async ({ body, request }) => {
      const { draining } = await actions.undrain({
        datanodes: body.datanodes,
        by: actorOf(body.by, request),
      });
      return { kind: 'json', value: { draining } };
    },
  });
}

function releaseRoute(actions: ServerActions): Route {
  return route({
    method: 'POST',
    path: '/api/v1/quarantine/release',
    access: 'act',
    summary: 'Lets a region in quarantine be moved again, and forgets its failures.',
    body: releaseBody,
    answers: { 200: jsonAnswer('It may be moved.', releaseAnswerSchema) },
    handle: async ({ body, request }) => {
      const { released } = await actions.releaseQuarantine({
        regionId: body.regionId,
        by: actorOf(body.by, request),
      });
      return { kind: 'json', value: { released } };
    },
  });
}

/** Who asked, for history and log: the name is what the client says, the address is what we see. */
function actorOf(name: string | undefined, request: RawRequest): string {
  return `${name === undefined || name === '' ? 'API' : name} (${request.remoteAddress})`;
}
