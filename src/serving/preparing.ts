/**
 * What surrounds every request of a service: its questions are checked, its failures are refusals, and it is counted.
 * @module
 */
import { UserError } from "../errors.js";
import { requireSize } from "./question-size.js";
import type { RegisteredModel } from "./registry.js";
import type { AskedHow, Prepared } from "./served-model.js";
import { ServingError } from "./serving-error.js";

/** Milliseconds of work after which others get their turn. */
const longestTurn = 20;

/** Checks a model's questions and makes tokens of them, and counts how long that takes; others get their turn meanwhile. */
export async function prepareAll(
  { name, served, meter }: RegisteredModel,
  inputs: readonly unknown[],
  how: AskedHow & { readonly signal?: AbortSignal | undefined },
): Promise<readonly Prepared[]> {
  const asked: Prepared[] = [];
  let started = performance.now();
  let seconds = 0;
  for (const [i, input] of inputs.entries()) {
    const where = `inputs.${i} of model ${name}`;
    requireSize(input, where);
    asked.push(prepared(where, () => served.prepare(input, how)));
    const taken = performance.now() - started;
    if (taken < longestTurn && i < inputs.length - 1) continue;
    seconds += taken / 1000;
    await new Promise((resolve) => setImmediate(resolve));
    how.signal?.throwIfAborted();
    started = performance.now();
  }
  meter.prepare.add(seconds);
  return asked;
}

/** Counts a request for each of the models, whether it is answered or not. */
export async function metered<R>(
  models: readonly RegisteredModel[],
  questions: number,
  work: () => Promise<R>,
): Promise<R> {
  const started = performance.now();
  let answered = false;
  try {
    const result = await work();
    answered = true;
    return result;
  } finally {
    const seconds = (performance.now() - started) / 1000;
    for (const { meter } of models) meter.onRequest(questions, answered, seconds);
  }
}

/** What the user's request lacks, as a refusal that says where. */
export function prepared<R>(where: string, prepare: () => R): R {
  try {
    return prepare();
  } catch (error) {
    throw error instanceof UserError ? new ServingError("invalid", `${where}: ${error.message}`) : error;
  }
}

/** Turns what the user must mend into a refusal. */
export async function refusing<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof UserError ? new ServingError("invalid", error.message) : error;
  }
}
