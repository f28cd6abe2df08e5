/**
 * What a run left: the bytes of its result, and what should not be there.
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** SHA-256 of each file, or what it says where that holds times. */
export type Outcome = Readonly<Record<string, string>>;

const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");

/** Everything in a folder that must be the same bytes, however often the run was stopped. */
export async function outcomeOf(folder: string): Promise<Outcome> {
  const files = await filesBelow(folder);
  const kept = files.filter((name) => !/(^|\/)tensorboard\//.test(name));
  return Object.fromEntries(
    await Promise.all(kept.map(async (name) => [name, await contentOf(join(folder, name))] as const)),
  );
}

async function contentOf(path: string): Promise<string> {
  const bytes = await readFile(path);
  if (basename(path) === "metrics.jsonl") return sha256(withoutTimes(bytes.toString()));
  if (basename(path) === "results.json") return sha256(bytes.toString().replace(/"tokensPerSecond": \d+/, ""));
  return sha256(bytes);
}

/** Steps and evaluations of a log, as if nothing had happened between. */
function withoutTimes(log: string): string {
  const events = log.split("\n").filter((line) => line !== "");
  const kept = events
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ kind }) => kind === "step" || kind === "eval")
    .map(({ time: _, seconds: __, ...event }) => JSON.stringify(event));
  return kept.join("\n");
}

/** Every file below a folder, as a relative path. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** How an outcome differs from the one that it should be; null where it does not. */
export function difference(found: Outcome, wanted: Outcome): string | null {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(found)])];
  const bad = names.find((name) => found[name] !== wanted[name]);
  if (bad === undefined) return null;
  return found[bad] === undefined
    ? `${bad} is missing`
    : wanted[bad] === undefined
      ? `${bad} is left`
      : `${bad} differs`;
}

/** What a finished run must not leave, be it in its folder or in the caches; null where it left nothing. */
export async function leftover(folder: string): Promise<string | null> {
  const left = (await filesBelow(folder)).find((name) => name.includes(".tmp") || name.endsWith("kadapter.lock"));
  return left === undefined ? null : `${left} is left`;
}

/**
 * Whether what a killed run left would be taken for whole though it is not: how, or null.
 *
 * @param wholes results that may stand there: the run's own, and what was there before
 */
export async function falseWhole(
  folder: string,
  marks: readonly string[],
  wholes: readonly Outcome[],
): Promise<string | null> {
  const found = await outcomeOf(folder);
  for (const mark of marks.filter((name) => found[name] !== undefined)) {
    const [first, ...others] = wholes.map((whole) => changedBeside(mark, found, whole));
    if (first && others.every((changed) => changed)) return `${mark} is there, but ${first} is not what belongs to it`;
  }
  return null;
}

/** The first file that is not what it should be beside one that says that all is whole. */
function changedBeside(mark: string, found: Outcome, whole: Outcome): string | undefined {
  const about = /metrics\.jsonl$|results?\.json$|recipe\.yaml$|table\./;
  const names = Object.keys(whole).filter((name) => dirname(name) === dirname(mark) && !about.test(name));
  return names.find((name) => found[name] !== whole[name]);
}
