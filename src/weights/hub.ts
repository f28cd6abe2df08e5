import { userError } from "../errors.js";
import { stat } from "../host/files.js";
import { environment } from "../host/machine.js";
import {
  type Environment,
  findCached,
  hubCacheFolder,
  isCommit,
  isHubName,
  parseModelId,
  variable,
} from "./hub-cache.js";
import { type HubContent, modelContent } from "./hub-content.js";
import { type HubAccess, hubFetch, isPrivateWay } from "./hub-fetch.js";
import { checked as checkedToken, hubToken } from "./hub-token.js";
import { quoted } from "./strict-json.js";

/** How the hub is reached; the environment's variables stand in for what is left out. */
export interface HubOptions {
  /** Default: HF_ENDPOINT, https://huggingface.co. */
  readonly endpoint?: string;
  /** For private and gated models, and for whatever is written. Default: HF_TOKEN, or the file that a login wrote. */
  readonly accessToken?: string;
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
  /** Default: process.env. */
  readonly env?: Environment;
  /** Called while a file is downloaded, with bytes. */
  readonly onProgress?: (file: string, done: number, total: number) => void;
}

/** Options of {@link resolveModel}; the environment's variables stand in for those left out. */
export interface ResolveOptions extends HubOptions {
  /** Default: HF_HUB_CACHE, HF_HOME/hub, ~/.cache/huggingface/hub. */
  readonly cacheDir?: string;
  /** Default: HF_HUB_OFFLINE. */
  readonly offline?: boolean;
  /** Whether the hub is asked what a branch is at, though the cache has an answer. Default: no. */
  readonly newest?: boolean;
}

/** A model on this machine. */
export interface ResolvedModel {
  readonly folder: string;
  /** Its id on the hub and the commit, where it came from there. */
  readonly id?: string;
  readonly commit?: string;
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && ["1", "on", "yes", "true"].includes(value.toLowerCase());
}

const usualEndpoint = "https://huggingface.co";

/** How the hub is reached: where, with whose token, and how much of it is believed. */
export async function hubAccess(options: HubOptions): Promise<HubAccess> {
  const env = options.env ?? process.env;
  const hub = (options.endpoint ?? variable(env, "HF_ENDPOINT") ?? usualEndpoint).replace(/(?<!\/)\/+$/, "");
  const token = await tokenFor(hub, options, env);
  return {
    hubUrl: hub,
    ...(token === undefined ? {} : { accessToken: token }),
    fetch: hubFetch(hub, token !== undefined, options.fetch),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  };
}

async function tokenFor(hub: string, { accessToken }: HubOptions, env: Environment): Promise<string | undefined> {
  if (accessToken !== undefined) return checkedToken(accessToken, "accessToken").token;
  const found = await hubToken(env);
  // A login is for the hub; a server that only HF_ENDPOINT names is asked without it, unless it may have it.
  return found?.where !== "HF_TOKEN" && !isPrivateWay(hub) ? undefined : found?.token;
}

/**
 * Finds a model by a folder's path or by its Hugging Face id (`roberta-large`, `owner/name`, either with
 * `hf:` before it or `@revision` behind it):
 * configuration, tokenizer and weights (safetensors before .bin). See {@link resolveContent}.
 */
export function resolveModel(name: string, options: ResolveOptions = {}): Promise<ResolvedModel> {
  return resolveContent(name, modelContent, options);
}

/** Whether a model of the hub is in the usual cache, so that nothing is downloaded when it is opened. */
export async function isCached(
  name: string,
  content: HubContent,
  { cacheDir, env = environment() }: Pick<ResolveOptions, "cacheDir" | "env"> = {},
): Promise<boolean> {
  const repository = parseModelId(name);
  if (repository === undefined) return false;
  return "folder" in (await findCached(cacheDir ?? hubCacheFolder(env), repository, content));
}

/**
 * Finds what a folder or a repository of the hub holds: an existing folder wins, unless the name begins with `hf:`; else the usual cache, taken as it is
 * without asking whether the hub has something newer; else what is wanted is downloaded into that cache, each file
 * checked against the hub's hash.
 *
 * @throws UserError for a name that is neither, for what does not exist or is not allowed, and, when offline, one that
 * says what was looked for and where
 */
export async function resolveContent(
  name: string,
  content: HubContent,
  options: ResolveOptions = {},
): Promise<ResolvedModel> {
  const { what } = content;
  const alsoFolder = !isHubName(name);
  const stats = alsoFolder ? await stat(name).catch(() => undefined) : undefined;
  if (stats?.isDirectory()) return { folder: name };
  if (stats !== undefined) {
    throw userError({ where: name, what: "this is a file", expected: `the ${what}'s folder or its id` });
  }
  const repository = parseModelId(name);
  if (repository === undefined) {
    throw userError({
      what: `${what} ${quoted(name)}: ${alsoFolder ? "there is no such folder, and it is" : "it is"} no Hugging Face id`,
      expected: alsoFolder
        ? "a folder, or name, owner/name or owner/name@revision"
        : "hf:owner/name or hf:owner/name@revision",
    });
  }
  const env = options.env ?? environment();
  const cache = options.cacheDir ?? hubCacheFolder(env);
  const offline = options.offline ?? isOn(env["HF_HUB_OFFLINE"]);
  const cached = await findCached(cache, repository, content);
  const settled = offline || options.newest !== true || isCommit(repository.revision);
  if (settled && "folder" in cached) return { folder: cached.folder, id: repository.id, commit: cached.commit };
  if (offline) {
    const lack = "lack" in cached ? cached.lack : "";
    throw userError({
      what: `${what} ${quoted(name)}: ${alsoFolder ? "no such folder, and not" : "not"} in the cache (${lack}), and downloads are off`,
      fix: `unset HF_HUB_OFFLINE, or give the folder that holds the ${what}`,
    });
  }
  // Loaded where it is needed: most calls find what they look for on the disk.
  const { downloadRepository } = await import("./hub-download.js");
  const access = await hubAccess({ ...options, env });
  return { id: repository.id, ...(await downloadRepository(cache, repository, content, access, alsoFolder)) };
}
