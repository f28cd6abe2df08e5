import { userError } from "../errors.js";
import { stat } from "../host/files.js";
import { environment } from "../host/machine.js";
import { type Environment, findCached, hubCacheFolder, parseModelId } from "./hub-cache.js";
import { type HubContent, modelContent } from "./hub-content.js";
import type { HubAccess } from "./hub-download.js";
import { hubFetch } from "./hub-fetch.js";
import { quoted } from "./strict-json.js";

/** Options of {@link resolveModel}; the environment's variables stand in for those left out. */
export interface ResolveOptions {
  /** Default: HF_HUB_CACHE, HF_HOME/hub, ~/.cache/huggingface/hub. */
  readonly cacheDir?: string;
  /** Default: HF_HUB_OFFLINE. */
  readonly offline?: boolean;
  /** Default: HF_ENDPOINT, https://huggingface.co. */
  readonly endpoint?: string;
  /** For private and gated models. Default: HF_TOKEN. */
  readonly accessToken?: string;
  /** Default: the platform's. */
  readonly fetch?: typeof fetch;
  /** Default: process.env. */
  readonly env?: Environment;
  /** Called while a file is downloaded, with bytes. */
  readonly onProgress?: (file: string, done: number, total: number) => void;
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

function accessOf(options: ResolveOptions, env: Environment): HubAccess {
  const endpoint = options.endpoint ?? (env["HF_ENDPOINT"] || undefined);
  const accessToken = options.accessToken ?? (env["HF_TOKEN"] || undefined);
  const hub = (endpoint ?? usualEndpoint).replace(/(?<!\/)\/+$/, "");
  return {
    ...(endpoint === undefined ? {} : { hubUrl: hub }),
    ...(accessToken === undefined ? {} : { accessToken }),
    fetch: hubFetch(hub, accessToken !== undefined, options.fetch),
    ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
  };
}

/**
 * Finds a model by a folder's path or by its Hugging Face id (`roberta-large`, `owner/name`, either with `@revision`):
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
 * Finds what a folder or a repository of the hub holds: an existing folder wins; else the usual cache, taken as it is
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
  const stats = await stat(name).catch(() => undefined);
  if (stats?.isDirectory()) return { folder: name };
  if (stats !== undefined) {
    throw userError({ where: name, what: "this is a file", expected: `the ${what}'s folder or its id` });
  }
  const repository = parseModelId(name);
  if (repository === undefined) {
    throw userError({
      what: `${what} ${quoted(name)}: there is no such folder, and it is no Hugging Face id`,
      expected: "a folder, or name, owner/name or owner/name@revision",
    });
  }
  const env = options.env ?? environment();
  const cache = options.cacheDir ?? hubCacheFolder(env);
  const cached = await findCached(cache, repository, content);
  if ("folder" in cached) return { folder: cached.folder, id: repository.id, commit: cached.commit };
  if (options.offline ?? isOn(env["HF_HUB_OFFLINE"])) {
    throw userError({
      what: `${what} ${quoted(name)}: no such folder, and not in the cache (${cached.lack}), and downloads are off`,
      fix: `unset HF_HUB_OFFLINE, or give the folder that holds the ${what}`,
    });
  }
  // Loaded where it is needed: most calls find what they look for on the disk.
  const { downloadRepository } = await import("./hub-download.js");
  return { id: repository.id, ...(await downloadRepository(cache, repository, content, accessOf(options, env))) };
}
