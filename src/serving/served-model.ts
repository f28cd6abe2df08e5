import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { downstreamFiles } from "../adapters/downstream-folder.js";
import { adapterFiles, hashOfTensors } from "../adapters/folder.js";
import type { FoundModel } from "../adapters/found-model.js";
import type { BackboneHandle } from "../features/backbone-handle.js";

/** How a question is asked. */
export interface AskedHow {
  /** Answers that are named, the likeliest first, where a task ranks them. */
  readonly top: number;
  /** The one `[MASK]` of a text stands for so many tokens at most, where words are asked for. */
  readonly tokens?: number | undefined;
}

/** A question that was checked, and what it costs. */
export interface Prepared {
  /** Tokens of all its texts. */
  readonly tokens: number;
  /** @throws AbortError where whoever asked has left */
  answer(signal: AbortSignal | undefined): Promise<unknown>;
}

/** A model that is ready to be asked. */
export interface ServedModel {
  /** What it was trained for: `relations`, `trees`, `recall` … */
  readonly task: string;
  readonly backbone: BackboneHandle;
  /** Lines about what could not be checked. */
  readonly notes: readonly string[];
  /** @throws UserError where it is no question for this model, or is too long for it */
  prepare(question: unknown, how: AskedHow): Prepared;
  close(): Promise<void>;
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Letters of a version. */
const versionLength = 16;

/** A model's version: the start of a SHA-256 over what its folder records and its tensors. */
export async function versionOf({ folder, manifest, what }: FoundModel): Promise<string> {
  const names = what === "adapter" ? [adapterFiles.adapter, adapterFiles.head] : [downstreamFiles.model];
  const hash = createHash("sha256").update(JSON.stringify(manifest));
  for (const name of names) {
    const path = join(folder, name);
    if (await isThere(path)) hash.update(`${name} ${await hashOfTensors(path)}`);
  }
  return hash.digest("hex").slice(0, versionLength);
}
