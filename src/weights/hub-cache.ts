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

/** What may stand before an id: it is then one of the hub, whatever folders there are. */
const hubPrefix = "hf:";

/** Whether a name can be one of the hub only. */
export const isHubName = (name: string): boolean => name.startsWith(hubPrefix);

/** A repository's name at one commit, which says the same for good. */
export const pinnedName = (id: string, commit: string): string => `${hubPrefix}${id}@${commit}`;

/**
 * Parses `name`, `owner/name` or either with `@revision`, `hf:` before it or not; undefined where it is none. The hub's own rules (letters,
 * digits, `-`, `_`, `.`, neither `--` nor `..`), which also keep every path that is made of it inside the cache.
 */
export function parseModelId(given: string): ModelId | undefined {
  const text = isHubName(given) ? given.slice(hubPrefix.length) : given;
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

/** A variable's value; an empty one counts as unset. */
export const variable = (env: Environment, name: string): string | undefined => env[name] || undefined;

/** Where every Hugging Face library keeps what is the user's: HF_HOME, else in the user's cache. */
export function hubHome(env: Environment): string {
  const cache = variable(env, "XDG_CACHE_HOME") ?? join(homedir(), ".cache");
  return variable(env, "HF_HOME") ?? join(cache, "huggingface");
}

/** The cache folder that every Hugging Face library uses: HF_HUB_CACHE, else HF_HOME/hub, else the user's cache. */
export const hubCacheFolder = (env: Environment): string =>
  variable(env, "HF_HUB_CACHE") ?? variable(env, "HUGGINGFACE_HUB_CACHE") ?? join(hubHome(env), "hub");

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
