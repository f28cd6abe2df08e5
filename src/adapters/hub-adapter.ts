import { type ResolveOptions, resolveContent } from "../weights/hub.js";
import type { HubContent } from "../weights/hub-content.js";
import { downstreamFiles } from "./downstream-folder.js";
import { adapterFiles } from "./folder.js";

const kinds = [
  [adapterFiles.config, adapterFiles.adapter, adapterFiles.head],
  [downstreamFiles.config, downstreamFiles.model],
] as const;

/** An adapter's folder, or a fine-tuned model's. */
const adapterContent: HubContent = {
  what: "adapter",
  expected: kinds.map((files) => files.join(", ")).join(", or "),
  choose: (there) => {
    const files = kinds.find(([config]) => there.has(config)) ?? kinds[0];
    const lack = files.find((name) => !there.has(name));
    return lack === undefined ? files : { lack };
  },
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
