/**
 * What the page asks the server, and what comes back.
 * @module
 */
import type { Filling } from "../../probing/fill.js";
import type { RelationAnswer } from "../../tasks/relations/asking.js";
import type { TreeAnswer } from "../../tasks/trees/asking.js";
import type { TypingAnswer } from "../../tasks/typing/asking.js";

export type { RankedRelation } from "../../tasks/relations/asking.js";
export type { TreeWord } from "../../tasks/trees/asking.js";
export type { AboutModel, ServerStatus } from "../status.js";
export type { Filling, RelationAnswer, TreeAnswer, TypingAnswer };

/** A request as it is sent, and as `curl` would send it. */
export interface Request {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: object;
}

/** Words for a text's blanks: by set of adapters, `none` first. */
export interface Filled {
  readonly sets: Readonly<Record<string, readonly Filling[]>>;
}

/** Each model's answers, in the order of the inputs. */
export interface Predicted<Answer> {
  readonly answers: Readonly<Record<string, readonly Answer[]>>;
}

export const fillRequest = (text: string, adapters: readonly string[], top: number): Request => ({
  ...{ method: "POST", path: "/v1/fill", body: { text, adapters, top } },
});

export const predictRequest = (models: readonly string[], inputs: readonly object[], top = 1): Request => ({
  ...{ method: "POST", path: "/v1/predict", body: { models, inputs, top } },
});

/** Milliseconds after which nobody waits any longer. */
const patience = 60_000;

/**
 * Sends it.
 *
 * @throws Error with a sentence for whoever reads the page
 */
export async function send<Answer>({ method, path, body }: Request, token?: string): Promise<Answer> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(path, { method, headers, ...sent, signal: AbortSignal.timeout(patience) }).catch(() => {
    throw new Error("The server does not answer.");
  });
  const answer: unknown = await response.json().catch(() => ({}));
  if (response.ok) return answer as Answer;
  const { error } = answer as { readonly error?: { readonly message?: string } };
  throw new Error(error?.message ?? `The server answered ${response.status}.`);
}
