import { isFolder } from "../files/folder.js";
import { isCached, type ResolveOptions, resolveContent } from "../weights/hub.js";
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

/** Whatever can be looked at: an adapter, a fine-tuned model or a language model. */
const anyContent: HubContent = {
  what: "model",
  expected: `${adapterContent.expected}, or ${modelContent.expected}`,
  choose: (there) => (isKind(there) ? adapterContent : modelContent).choose(there),
};

/**
 * The folder of an adapter or a fine-tuned model: as named, or of the Hugging Face id `owner/name` (or with `@revision`),
 * from the usual cache or downloaded into it.
 *
 * @throws UserError where there is neither, see {@link resolveContent}
 */
export async function resolveAdapter(name: string, options: ResolveOptions = {}): Promise<string> {
  return (await resolveContent(name, adapterContent, options)).folder;
}

/** Whether an adapter or a fine-tuned model is on this machine: as a folder, or in the usual cache. */
export const isAdapterHere = async (name: string): Promise<boolean> =>
  (await isFolder(name)) || (await isCached(name, adapterContent));

/** {@link resolveAdapter}, where it may be a language model, too. */
export async function resolveAny(name: string, options: ResolveOptions = {}): Promise<string> {
  return (await resolveContent(name, anyContent, options)).folder;
}
