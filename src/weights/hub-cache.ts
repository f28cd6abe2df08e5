import { userError } from "../errors.js";
import { readdir, readFile } from "../host/files.js";
import { homedir } from "../host/machine.js";
import { join } from "../host/paths.js";
import { exists, type HubContent, shardsOf } from "./hub-content.js";
import { quoted } from "./strict-json.js";

/** A model on the hub: `name` or `owner/name`, at a branch, tag or commit. */
export interface ModelId {
  readonly id: string;
  readonly revision: string;
}

/** Variables such as process.env has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

const PART = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?$/;
const COMMIT = /^[0-9a-f]{40}$/;

/** Whether a revision is a commit's full hash. */
export function isCommit(revision: string): boolean {
  return COMMIT.test(revision);
}

/**
 * Parses `name`, `owner/name` or either with `@revision`; undefined where it is none. The hub's own rules (letters,
 * digits, `-`, `_`, `.`, neither `--` nor `..`), which also keep every path that is made of it inside the cache.
 */
export function parseModelId(text: string): ModelId | undefined {
  const at = text.indexOf("@");
  const id = at < 0 ? text : text.slice(0, at);
  const revision = at < 0 ? "main" : text.slice(at + 1);
  const parts = id.split("/");
  const good = (part: string) => PART.test(part) && !part.includes("--") && !part.includes("..");
  if (parts.length > 2 || id.length > 96 || !parts.every(good) || id.endsWith(".git")) return undefined;
  const steps = revision.split("/");
  if (steps.length > 8 || !steps.every((part) => PART.test(part) && !part.includes(".."))) return undefined;
  return { id, revision };
}

/** The cache folder that every Hugging Face library uses: HF_HUB_CACHE, else HF_HOME/hub, else the user's cache. */
export function hubCacheFolder(env: Environment): string {
  const set = (name: string) => env[name] || undefined; // an empty variable counts as unset
  const home = set("HF_HOME") ?? join(set("XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "huggingface");
  return set("HF_HUB_CACHE") ?? set("HUGGINGFACE_HUB_CACHE") ?? join(home, "hub");
}

/** A model's folder in the cache. */
export function repoFolder(cache: string, id: string): string {
  return join(cache, ["models", ...id.split("/")].join("--"));
}

/** The file that holds the commit of a branch or tag. */
export function refFile(repo: string, revision: string): string {
  return join(repo, "refs", ...revision.split("/"));
}

/** The folder of one commit's files. */
export function snapshotFolder(repo: string, commit: string): string {
  return join(repo, "snapshots", commit);
}

/** What a snapshot lacks to be of use, or undefined where it lacks nothing. */
async function lackOf(snapshot: string, content: HubContent): Promise<string | undefined> {
  const names = await readdir(snapshot).catch(() => null);
  if (names === null) return "the folder";
  const isThere = async (name: string) => ((await exists(join(snapshot, name))) ? [name] : []);
  const there = (await Promise.all(names.map(isThere))).flat();
  const chosen = content.choose(new Set(there));
  if ("lack" in chosen) return chosen.lack;
  return (await shardsOf(snapshot, chosen)).find((shard) => !there.includes(shard));
}

/** A snapshot in the cache, or why there is none that can be used. */
export async function findCached(
  cache: string,
  { id, revision }: ModelId,
  content: HubContent,
): Promise<{ folder: string; commit: string } | { lack: string }> {
  const repo = repoFolder(cache, id);
  let commit = revision;
  if (!isCommit(revision)) {
    const ref = refFile(repo, revision);
    const text = await readFile(ref, "utf8").catch(() => undefined);
    if (text === undefined) return { lack: `${ref} is missing` };
    commit = text.trim();
    if (!isCommit(commit)) throw userError({ where: ref, what: quoted(commit), expected: "a commit's 40 hex digits" });
  }
  const folder = snapshotFolder(repo, commit);
  const lack = await lackOf(folder, content);
  return lack === undefined ? { folder, commit } : { lack: `${folder} lacks ${lack}` };
}
