import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../lib/clock.ts';
import { planNow } from './planning.ts';
import type { PlanRequest } from './planning.ts';

/** The thread in which large plans are made: takes one request, posts one plan, ends. */
const { input, options } = workerData as PlanRequest;
parentPort?.postMessage(planNow(input, options, systemClock));
