/**
 * What a run over texts was begun with: it goes on with the same, or not at all.
 * @module
 */
import { z } from "zod";
import { setting, userError } from "../../errors.js";
import { listOf, mapOf } from "../../files/lists.js";
import { shown } from "../../phrases.js";
import { hashFile, hashJson, type JsonValue } from "../../weights/hash.js";
import type { DocumentFile } from "../documents/document-file.js";

/** All that decides what is written. */
export interface RunIdentity {
  /** The texts, in their order: what they are called, and the SHA-256 of each. */
  readonly texts: readonly { readonly name: string; readonly sha256: string }[];
  /** SHA-256 of what is known. */
  readonly knowledge: string;
  readonly options: Readonly<Record<string, JsonValue>>;
}

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** {@link RunIdentity} as a manifest holds it. */
export const runIdentity = z.object({
  texts: listOf(z.object({ name: z.string(), sha256: hash })),
  knowledge: hash,
  options: mapOf(z.json()),
});

/** The texts' part of a run's identity; reads all of them. */
export async function identityOfTexts(
  files: readonly DocumentFile[],
  signal: AbortSignal,
): Promise<RunIdentity["texts"]> {
  const texts: { readonly name: string; readonly sha256: string }[] = [];
  for (const { name, path } of files) {
    signal.throwIfAborted();
    texts.push({ name, sha256: await hashFile(path) });
  }
  return texts;
}

/**
 * @param what how the run, and what it knows, are called
 * @throws UserError where a run is gone on with that was another one
 */
export function refuseOtherRun(
  out: string,
  { run, source }: { readonly run: string; readonly source: string },
  begun: RunIdentity,
  { texts, knowledge, options }: RunIdentity,
): void {
  const differs = (a: unknown, b: unknown) => hashJson(a as JsonValue) !== hashJson(b as JsonValue);
  const refuse = (what: string) => {
    throw userError({
      where: out,
      what: `${run} was begun with ${what}`,
      fix: `choose another ${setting("out")}, or replace it with ${setting("overwrite", true)}`,
    });
  };
  if (differs(begun.knowledge, knowledge)) refuse(`other ${source}`);
  for (const [i, { name, sha256 }] of texts.entries()) {
    const before = begun.texts[i];
    if (before?.name !== name) refuse(`other texts: ${shown(before?.name ?? "none")} instead of ${shown(name)}`);
    if (before?.sha256 !== sha256) refuse(`another content of ${shown(name)}`);
  }
  if (begun.texts.length > texts.length) refuse(`${begun.texts.length} texts`);
  for (const key of new Set([...Object.keys(begun.options), ...Object.keys(options)])) {
    const [before, now] = [begun.options[key] ?? null, options[key] ?? null];
    if (differs(before, now)) refuse(`${setting(key)} ${shown(before)}, not ${shown(now)}`);
  }
}
