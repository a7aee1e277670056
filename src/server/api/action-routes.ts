import type { z } from 'zod';
import { HttpError } from '../http/errors.ts';
import { jsonAnswer, route } from '../http/route.ts';
import type { RawRequest, Route } from '../http/route.ts';
import {
  cordonAnswerSchema,
  drainAnswerSchema,
  pauseAnswerSchema,
  releaseAnswerSchema,
  resumeAnswerSchema,
  triggerAnswerSchema,
  undrainAnswerSchema,
} from './answers.ts';
import { datanodesBody, drainBody, pauseBody, plainBody, releaseBody } from './inputs.ts';
import type { MaybePromise, ServerActions, TriggerResult } from './ports.ts';
import { toPauseView } from './status.ts';

/** What an operator may cause. */
export function actionRoutes(actions: ServerActions): Route[] {
  return [
    action('pause', pauseBody, pauseAnswerSchema, {
      summary: 'Pauses, for a time or until resumed: the current migration finishes, no new one starts.',
      act: async ({ for: forMs, ...rest }) => ({
        paused: toPauseView(await actions.pause({ forMs, ...rest })),
      }),
    }),
    action('resume', plainBody, resumeAnswerSchema, {
      summary: 'Ends a pause.',
      act: async (request) => ({ paused: null, ...(await actions.resume(request)) }),
    }),
    action('trigger', plainBody, triggerAnswerSchema, {
      summary: 'Starts a cycle now.',
      status: 202,
      refusals: { 409: 'A cycle runs already, or none may begin.' },
      act: async (request) => answerTrigger(await actions.trigger(request)),
    }),
    action('drain', drainBody, drainAnswerSchema, {
      summary:
        'Empties datanodes: a cycle that runs ends after its migration, and the next one begins at once. With `dryRun` tells what that would move.',
      refusals: { 404: 'The cluster has no such datanode.' },
      act: (request) => actions.drain(request),
    }),
    action('undrain', datanodesBody, undrainAnswerSchema, {
      summary: 'Ends drains that were requested over the API. Later plans may move regions back.',
      refusals: {
        409: 'One of them does not drain, or drains because the configuration says so; nothing was changed.',
      },
      act: (request) => actions.undrain(request),
    }),
    action('cordon', datanodesBody, cordonAnswerSchema, {
      summary: 'Datanodes keep the regions that they lead and receive none, until uncordoned.',
      refusals: { 404: 'The cluster has no such datanode.' },
      act: (request) => actions.cordon(request),
    }),
    action('uncordon', datanodesBody, cordonAnswerSchema, {
      summary: 'Ends cordons that were asked for over the API.',
      refusals: {
        409: 'One of them is not cordoned, or is because the configuration says so; nothing was changed.',
      },
      act: (request) => actions.uncordon(request),
    }),
    action('quarantine/release', releaseBody, releaseAnswerSchema, {
      summary: 'Ends the quarantine of a region, or of a datanode, and forgets its failures.',
      act: (request) => actions.releaseQuarantine(request),
    }),
  ];
}

interface Action<Body, Answer> {
  readonly summary: string;
  /** Default 200. */
  readonly status?: number;
  readonly refusals?: Readonly<Record<number, string>>;
  readonly act: (request: Body & { readonly by: string }) => MaybePromise<Answer>;
}

function action<Body extends { readonly by?: string | undefined }, S extends z.ZodType>(
  name: string,
  body: z.ZodType<Body>,
  schema: S,
  { summary, status = 200, refusals = {}, act }: Action<Body, z.output<S>>,
): Route {
  const refused = Object.entries(refusals).map(([code, text]) => [code, jsonAnswer(text)] as const);
  return route({
    method: 'POST',
    path: `/api/v1/${name}`,
    access: 'act',
    summary,
    input: { from: 'body', schema: body },
    answers: { [status]: jsonAnswer('Done.', schema), ...Object.fromEntries(refused) },
    handle: async (given, request) => ({
      kind: 'json',
      status,
      value: await act({ ...given, by: actorOf(given.by, request) }),
    }),
  });
}

function answerTrigger(result: TriggerResult): z.output<typeof triggerAnswerSchema> {
  switch (result.kind) {
    case 'started':
      return {
        cycleId: String(result.cycleId),
        paused: result.paused ? toPauseView(result.paused) : null,
      };
    case 'running':
      throw new HttpError(409, 'cycle-running', `Cycle ${result.cycleId} is running already.`);
    case 'refused':
      throw new HttpError(409, 'refused', result.detail);
  }
}

/** Who asked, for history and log: the name is what the client says, the address is what we see. */
function actorOf(name: string | undefined, request: RawRequest): string {
  return `${name === undefined || name === '' ? 'API' : name} (${request.remoteAddress})`;
}
