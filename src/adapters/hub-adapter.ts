import { stat } from "../host/files.js";
import { isCached, type ResolvedModel, type ResolveOptions, resolveContent } from "../weights/hub.js";
import { isHubName, pinnedName } from "../weights/hub-cache.js";
import { type HubContent, modelContent } from "../weights/hub-content.js";
import { downstreamFiles } from "./downstream-folder.js";
import { adapterFiles } from "./folder.js";

const kinds: readonly (readonly [config: string, ...others: string[]])[] = [
  [adapterFiles.config, adapterFiles.adapter, adapterFiles.head],
  [downstreamFiles.config, downstreamFiles.model],
];
/** What some adapters have beside these. */
const optional = [adapterFiles.subjects, adapterFiles.wordings];

const isKind = (there: ReadonlySet<string>) => kinds.find(([config]) => there.has(config));

/** An adapter's folder, or a fine-tuned model's. */
const adapterContent: HubContent = {
  what: "adapter",
  expected: kinds.map((files) => files.join(", ")).join(", or "),
  choose: (there) => {
    const files = isKind(there) ?? (kinds[0] as readonly string[]);
    const lack = files.find((name) => !there.has(name));
    return lack === undefined ? [...files, ...optional.filter((name) => there.has(name))] : { lack };
  },
};

/** {@link adapterContent} and what people read of it. */
const adapterWithCard: HubContent = {
  ...adapterContent,
  choose: (there) => {
    const chosen = adapterContent.choose(there);
    return "lack" in chosen || !there.has(adapterFiles.card) ? chosen : [...chosen, adapterFiles.card];
  },
};

/** Whatever can be looked at: an adapter, a fine-tuned model or a language model. */
const anyContent: HubContent = {
  what: "model",
  expected: `${adapterContent.expected}, or ${modelContent.expected}`,
  choose: (there) => (isKind(there) ? adapterContent : modelContent).choose(there),
};

/** A model's folder on this machine. */
export interface Whereabouts {
  readonly folder: string;
  /** Its name on the hub at the commit that it is at, where it came from there. */
  readonly pinned?: string;
  /** What the user should know of where it came from. */
  readonly notes: readonly string[];
}

/**
 * The folder of an adapter or a fine-tuned model: as named, or of the Hugging Face id `owner/name` (`hf:` before it or
 * not, with `@revision` or not), from the usual cache or downloaded into it.
 *
 * @throws UserError where there is neither, see {@link resolveContent}
 */
export async function findAdapter(name: string, options: ResolveOptions = {}): Promise<Whereabouts> {
  const { folder, id, commit } = await resolveContent(name, adapterContent, options);
  if (id === undefined || commit === undefined) return { folder, notes: [] };
  const pinned = pinnedName(id, commit);
  return { folder, pinned, notes: name.endsWith(`@${commit}`) ? [] : [`${name}: taken as ${pinned}`] };
}

/** The folder of {@link findAdapter} alone. */
export async function resolveAdapter(name: string, options: ResolveOptions = {}): Promise<string> {
  return (await findAdapter(name, options)).folder;
}

/** An adapter or a fine-tuned model with its card, as the hub has it now. */
export function resolveWithCard(name: string, options: ResolveOptions = {}): Promise<ResolvedModel> {
  return resolveContent(name, adapterWithCard, { ...options, newest: true });
}

/** Whether an adapter or a fine-tuned model is on this machine: as a folder, or in the usual cache. */
export const isAdapterHere = async (name: string): Promise<boolean> =>
  (!isHubName(name) && (await isThere(name))) || (await isCached(name, adapterContent));

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );

/** {@link resolveAdapter}, where it may be a language model, too. */
export async function resolveAny(name: string, options: ResolveOptions = {}): Promise<string> {
  return (await resolveContent(name, anyContent, options)).folder;
}
