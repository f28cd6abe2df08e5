import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { AdapterManifest } from "../../adapters/adapter-manifest.js";
import { holdsAdapter } from "../../adapters/config.js";
import { type DownstreamManifest, downstreamFiles, readDownstreamManifest } from "../../adapters/downstream-folder.js";
import { adapterFiles, readAdapterManifest } from "../../adapters/folder.js";
import { resolveAny } from "../../adapters/hub-adapter.js";
import { parameterKeys } from "../../backbones/index.js";
import { maxTokens } from "../../backbones/text-length.js";
import { inspectRelations } from "../../data/relation-data.js";
import { inspectTrees, recogniseTrees, treeFormats } from "../../data/tree-data.js";
import { userError } from "../../errors.js";
import { openBackbone } from "../../features/backbone-handle.js";
import { fileError } from "../../files/atomic.js";
import { counted } from "../../phrases.js";
import type { InspectSettings } from "../../settings/apply.js";
import { elementCount } from "../../tensor.js";
import { isFloating } from "../../weights/float32.js";
import { parseModelId } from "../../weights/hub-cache.js";
import { detectWeights, openWeights } from "../../weights/open.js";
import { SafetensorsFile } from "../../weights/safetensors.js";
import type { WeightSource } from "../../weights/source.js";
import { folderKind, knownFolders, reportFolders } from "../inspect/folders.js";
import type { Output } from "../output.js";
import type { CommandContext } from "../run.js";
import { treeFormat } from "../tasks/heads.js";
import { isTaught, taughtSummary } from "../tasks/recall.js";
import { relationFormat } from "../tasks/relation.js";
import { reportTrees } from "../tasks/tree-summary.js";
import { run as inspectKnowledge } from "./facts-inspect.js";

/** `inspect PATH`: what is in a model's or adapter's folder, a folder of such, or a file of weights or data, by its content. */
export async function run(options: InspectSettings, context: CommandContext): Promise<void> {
  const { output } = context;
  if (options.format !== undefined) return inspectData(options, output);
  const { path } = options;
  const place = { path, folder: isHubId(path) ? await resolveAny(path) : path };
  switch (await kindOf(place.folder)) {
    case "adapter":
      return inspectAdapter(place, output);
    case "fine-tuned":
      return inspectFineTuned(place, output);
    case "model":
      return inspectModel(place, output);
    case "weights":
      return inspectWeights(path, output);
    case "knowledge":
      return inspectKnowledge({ folder: path }, context);
    case "data":
      return inspectData(options, output);
    case "folders":
      return reportFolders(path, await knownFolders(path), output);
  }
}

/** What is looked at: as it was named, and on this machine. */
interface Place {
  readonly path: string;
  readonly folder: string;
}

/** Endings of files: one that is not there is said to be missing, and not asked for on the hub. */
const fileName = /\.(jsonl?|csv|tsv|txt|conllu?|gz|zip|bin|pth?|ckpt|safetensors|ya?ml|xml)$/i;

const isHubId = (path: string): boolean =>
  !existsSync(path) && parseModelId(path) !== undefined && !fileName.test(path);

async function kindOf(
  path: string,
): Promise<"adapter" | "fine-tuned" | "model" | "knowledge" | "weights" | "data" | "folders"> {
  const stats = await stat(path).catch((error: unknown) => {
    throw fileError(path, "inspect it", error);
  });
  if (!stats.isDirectory()) return (await detectWeights(path)) === undefined ? "data" : "weights";
  const kind = await folderKind(path);
  if (kind === "unfinished") {
    throw userError({
      where: path,
      what: "a training that has not ended",
      fix: "go on with the same command and --resume",
    });
  }
  return kind ?? ((await knownFolders(path)).length > 0 ? "folders" : "data");
}

const isFolder = async (path: string): Promise<boolean> => (await stat(path)).isDirectory();

/** Parameters, element types and bytes of a file's tensors. */
function summary(source: WeightSource) {
  const dtypes: Record<string, number> = {};
  let parameters = 0;
  let tensors = 0;
  for (const key of source.keys()) {
    const info = source.info(key);
    if (!info) continue;
    tensors++;
    const count = elementCount(info.shape);
    // Buffers (`position_ids`) are no parameters.
    if (isFloating(info.dtype)) parameters += count;
    dtypes[info.dtype] = (dtypes[info.dtype] ?? 0) + count;
  }
  return { tensors, parameters, dtypes };
}

type Summary = ReturnType<typeof summary>;

async function summaryOf(path: string): Promise<Summary> {
  const source = await openWeights(path);
  try {
    return summary(source);
  } finally {
    await source.close();
  }
}

const shown = ({ tensors, parameters, dtypes }: Summary): string =>
  `${counted(parameters, "parameter")} in ${counted(tensors, "tensor")} of ${Object.keys(dtypes).join(", ") || "no type"}`;

/** Lines of names and values, the values under each other. */
function table(output: Output, rows: Readonly<Record<string, unknown>>): void {
  const width = Math.max(...Object.keys(rows).map(({ length }) => length));
  for (const [name, value] of Object.entries(rows)) {
    const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
    output.say(`${name.padEnd(width)}  ${text}`);
  }
}

async function inspectAdapter({ path, folder }: Place, output: Output): Promise<void> {
  const manifest = await readAdapterManifest(folder);
  const { architecture, task, backbone, features, metrics, recipe, tensors } = manifest;
  const adapter = await summaryOf(join(folder, adapterFiles.adapter));
  const head = await summaryOf(join(folder, adapterFiles.head));
  const taught = isTaught({ manifest }) ? await taughtSummary(folder, manifest) : null;
  output.say(holdsAdapter(features) ? "an adapter" : `a baseline without an adapter (${features})`);
  table(output, {
    ...(taught?.rows ?? { task: taskText(task, "labels unknown") }),
    architecture,
    adapter: shown(adapter),
    head: shown(head),
    ...trainingRows(manifest),
  });
  output.result({
    kind: "adapter",
    path,
    features,
    architecture,
    task,
    ...(taught && { taught: taught.facts }),
    backbone,
    adapter,
    head,
    tensors,
    metrics,
    recipe,
  });
}

async function inspectFineTuned({ path, folder }: Place, output: Output): Promise<void> {
  const manifest = await readDownstreamManifest(folder);
  const { task, trains, fusion, adapters } = manifest;
  const weights = await summaryOf(join(folder, downstreamFiles.model));
  output.say("a fine-tuned model");
  table(output, {
    task: taskText(task, "no labels"),
    trained: trains === "none" ? "fusion and head" : `fusion, head and ${trains === "all" ? "all else" : trains}`,
    fusion: fusion.taps ? `hidden states ${fusion.taps.join(", ")} side by side` : fusion.kind,
    ...Object.fromEntries(
      adapters.map(({ name, architecture, folder }) => [
        `adapter ${name}`,
        `layers ${architecture.layers.join(", ")}, size ${architecture.size}, from ${folder}`,
      ]),
    ),
    weights: shown(weights),
    ...trainingRows(manifest),
  });
  output.result({ kind: "fine-tuned", path, ...manifest, weights });
}

const taskText = ({ name, labels }: AdapterManifest["task"], none: string): string =>
  `${name}, ${labels ? `${counted(labels.length, "label")}: ${list(labels, 8)}` : none}`;

/** What every folder says of how it was trained. */
function trainingRows({ backbone, task, metrics, recipe }: AdapterManifest | DownstreamManifest) {
  const { name, modelType, layers, hiddenSize, hash } = backbone;
  return {
    backbone: `${name ?? "unknown"} (${modelType ?? "unknown kind"}, ${layers ?? "?"} layers × ${hiddenSize})`,
    "SHA-256 of its tensors": hash ?? "unknown",
    "longest text": `${task.maxLength} tokens`,
    metrics,
    recipe,
  };
}

const list = (names: readonly string[], most: number): string =>
  `${names.slice(0, most).join(", ")}${names.length > most ? " …" : ""}`;

async function inspectModel({ path, folder }: Place, output: Output): Promise<void> {
  const backbone = await openBackbone(folder);
  const { config, definition, hash, configHash, tokenizer } = backbone;
  const longest = maxTokens(backbone);
  const source = await openWeights(folder);
  try {
    const weights = summary(source);
    const used = new Set(parameterKeys(definition, config, source.keys()).values());
    const unused = [...source.keys()].filter((key) => !used.has(key));
    output.say(`a language model (${config.modelType})`);
    table(output, {
      size: `${counted(config.layers, "layer")} × ${config.hiddenSize}, ${counted(config.heads, "head")}, FFN ${config.intermediateSize}, ${config.activation}`,
      weights: shown(weights),
      "of them unused": unused.length === 0 ? "none" : `${unused.length}: ${list(unused, 6)}`,
      "SHA-256 of its tensors": hash,
      "configuration's SHA-256": configHash,
      tokenizer: `${tokenizer.kind}, ${tokenizer.vocabSize} tokens (the model has rows for ${config.vocabSize})`,
      "tokenizer's SHA-256": tokenizer.hash,
      "longest text": Number.isFinite(longest) ? `${longest} tokens` : "any",
    });
    for (const note of tokenizer.notes) output.note(note);
    output.result({
      kind: "model",
      path,
      config,
      configHash,
      weights: { ...weights, file: source.path, hash, unused },
      tokenizer: { kind: tokenizer.kind, vocabSize: tokenizer.vocabSize, hash: tokenizer.hash },
      maxTokens: longest,
    });
  } finally {
    await source.close();
  }
}

async function inspectWeights(path: string, output: Output): Promise<void> {
  const source = await openWeights(path);
  try {
    const format = await detectWeights(path);
    const weights = summary(source);
    const metadata = source instanceof SafetensorsFile ? Object.fromEntries(source.metadata) : {};
    const others = source.others ?? [];
    output.say(`weights (${format}): ${shown(weights)}`);
    if (Object.keys(metadata).length > 0) output.say(`metadata ${JSON.stringify(metadata)}`);
    if (others.length > 0) output.say(`entries that are no tensors: ${list(others, 20)}`);
    const tensors = [...source.keys()].map((name) => ({ name, ...source.info(name) }));
    for (const { name, dtype, shape } of tensors) output.say(`${dtype?.padEnd(9)} [${shape?.join(", ")}]  ${name}`);
    output.result({ kind: "weights", path, format, ...weights, metadata, others, list: tensors });
  } finally {
    await source.close();
  }
}

async function inspectData({ path, format }: InspectSettings, output: Output): Promise<void> {
  const trees = treeFormats.some((name) => name === format);
  const found = format === undefined && !(await isFolder(path)) ? await recogniseTrees(path) : null;
  if (trees || found) return reportTrees(path, await inspectTrees(path, found ?? treeFormat(format)), output);
  const data = await inspectRelations(path, { format: relationFormat(format), unlabelled: true });
  output.say(
    `relation data (${data.format}): ${counted(data.examples, "example")}, ${counted(data.relations.length, "relation")}`,
  );
  for (const [reason, count] of Object.entries(data.skipped)) output.say(`left out ${count}: ${reason}`);
  const width = Math.max(8, ...data.relations.map(({ relation }) => relation.length));
  output.say(`${"relation".padEnd(width)}  examples`);
  for (const { relation, count } of data.relations) {
    output.say(`${(relation || "(none)").padEnd(width)}  ${String(count).padStart(8)}`);
  }
  output.say(`words in a sentence: ${data.meanWords.toFixed(1)} on average`);
  const most = Math.max(1, ...data.lengths.map(({ count }) => count));
  for (const { upTo, count } of data.lengths.filter((bucket) => bucket.count > 0)) {
    const bound = Number.isFinite(upTo) ? `up to ${String(upTo).padStart(3)}` : "    more ";
    output.say(`${bound}  ${String(count).padStart(8)}  ${"█".repeat(Math.round((40 * count) / most))}`);
  }
  output.result({ kind: "data", path, ...data });
}
