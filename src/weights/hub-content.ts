import { stat } from "../host/files.js";
import { join } from "../host/paths.js";
import { WEIGHT_FILES } from "./open.js";
import { readShardIndex } from "./sharded.js";

/** What a repository of the hub must hold to be of use. */
export interface HubContent {
  /** What it is, for messages. */
  readonly what: string;
  /** What must be there, for messages. */
  readonly expected: string;
  /** The files that are taken of those that there are, or what is lacking. */
  choose(there: ReadonlySet<string>): readonly string[] | { readonly lack: string };
}

/** What tokenizers of the supported models need; those that a model does not have are not missed. */
const tokenizerFiles = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "vocab.txt",
  "merges.txt",
  "spiece.model",
  "sentencepiece.bpe.model",
  "tokenizer.model",
];

/** A pre-trained model: configuration, tokenizer and weights, safetensors before .bin. */
export const modelContent: HubContent = {
  what: "model",
  expected: `config.json and one of ${WEIGHT_FILES.join(", ")}`,
  choose: (there) => {
    if (!there.has("config.json")) return { lack: "config.json" };
    const weights = WEIGHT_FILES.find((name) => there.has(name));
    if (weights === undefined) return { lack: "weights" };
    return ["config.json", ...tokenizerFiles.filter((name) => there.has(name)), weights];
  },
};

/** Whether a file is there; a link to nothing is not. */
export function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** The shards that an index among chosen files names, once it is on the disk. */
export async function shardsOf(folder: string, chosen: readonly string[]): Promise<readonly string[]> {
  const index = chosen.find((name) => name.endsWith(".index.json"));
  return index === undefined ? [] : [...new Set((await readShardIndex(join(folder, index))).values())];
}
