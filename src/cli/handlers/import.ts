import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  type AdapterManifest,
  adapterFiles,
  checkAdapterConfig,
  type OfficialAdapter,
  readOfficialAdapter,
  writeAdapterFolder,
} from "../../adapters/index.js";
import { userError } from "../../errors.js";
import { fileError } from "../../files/atomic.js";
import { elementCount } from "../../tensor.js";
import { type BackboneFolder, backboneIdentity, maxTokens, openBackbone } from "../../training/frozen-backbone.js";
import { hashFile } from "../../weights/index.js";
import type { ImportOptions } from "../commands/import.js";
import type { CommandContext } from "../run.js";
import { refuseExisting, withOutputFolder } from "./files.js";

/** `import FILE`: an adapter of the released code becomes an adapter folder. */
export async function handleImport(options: ImportOptions, { output }: CommandContext): Promise<void> {
  const { out, file } = options;
  await refuseExisting(join(out, adapterFiles.config), options.overwrite);
  const official = await readOfficialAdapter(file, {
    layers: options.layers,
    heads: options.adapterHeads,
    skip: options.skip,
    maskPadding: options.maskPadding,
  });
  const backbone = options.backbone === undefined ? null : await openBackbone(options.backbone);
  checkSizes(official, backbone, file);
  const manifest = await manifestOf(official, backbone, options);
  const { adapter, head, others } = official;
  await withOutputFolder(out, () => writeAdapterFolder(out, { manifest, adapter, head }));
  for (const name of others) output.note(`left out ${JSON.stringify(name)}: no tensor`);
  const counts = { adapter: countOf(adapter), head: countOf(head) };
  const { architecture } = official;
  output.say(
    `${architecture.layers.length} adapter layers at ${architecture.layers.join(", ")}, ${architecture.transformerLayers} × ${architecture.size} inside, ${counts.adapter.toLocaleString("en")} parameters in ${adapter.size} tensors`,
  );
  output.say(
    `head for ${manifest.task.name}, ${official.classes} classes, ${counts.head.toLocaleString("en")} parameters in ${head.size} tensors`,
  );
  output.say(backbone ? `backbone ${backbone.name} recorded` : "no backbone recorded: give --backbone when it is used");
  output.say(`the adapter is in ${out}`);
  output.result({
    out,
    task: manifest.task.name,
    classes: official.classes,
    hiddenSize: official.hiddenSize,
    architecture,
    adapterTensors: adapter.size,
    adapterParameters: counts.adapter,
    headTensors: head.size,
    headParameters: counts.head,
    leftOut: others,
    backboneHash: backbone?.hash ?? null,
  });
}

const countOf = (parameters: OfficialAdapter["adapter"]): number =>
  [...parameters.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);

function checkSizes({ architecture, hiddenSize }: OfficialAdapter, backbone: BackboneFolder | null, file: string) {
  if (backbone && backbone.config.hiddenSize !== hiddenSize) {
    throw userError({
      where: file,
      what: `the adapter reads hidden states of size ${hiddenSize}, the backbone ${backbone.name} has ${backbone.config.hiddenSize}`,
      expected: "the backbone that it was trained beside",
    });
  }
  checkAdapterConfig(architecture, { hiddenSize, layers: backbone?.config.layers ?? Number.POSITIVE_INFINITY });
}

async function manifestOf(
  official: OfficialAdapter,
  backbone: BackboneFolder | null,
  options: ImportOptions,
): Promise<AdapterManifest> {
  const { architecture, task, classes, hiddenSize } = official;
  const taskOptions = task === "head-prediction" ? { head: "official", alignment: "official", classes } : {};
  const labels = task === "relation-classification" ? await labelsOf(options, classes) : null;
  return {
    format: "kadapter/1",
    features: "adapter",
    architecture,
    hiddenStates: "float32",
    backbonePrecision: "float32",
    backbone: backbone
      ? backboneIdentity(backbone)
      : { name: null, modelType: null, hiddenSize, layers: null, hash: null, tokenizerHash: null },
    task: { name: task, labels, maxLength: maxLengthOf(task, backbone, options.maxLength), options: taskOptions },
    recipe: { importedFrom: basename(options.file), sha256: await hashFile(options.file) },
    metrics: {},
  };
}

function maxLengthOf(task: string, backbone: BackboneFolder | null, given: number | undefined): number {
  const limit = backbone ? maxTokens(backbone.config) : Number.POSITIVE_INFINITY;
  if (given === undefined) return Math.min(limit, task === "relation-classification" ? 64 : 128);
  if (given <= limit) return given;
  throw userError({
    where: "--max-length",
    what: `${given} tokens are more than the backbone has positions for`,
    expected: `at most ${limit}`,
  });
}

/** The relations in the order of the head's rows. Without a file their indices: the released data has such labels. */
async function labelsOf({ labels: path }: ImportOptions, classes: number): Promise<string[]> {
  if (path === undefined) return Array.from({ length: classes }, (_, i) => String(i));
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw fileError(path, "read the labels", error);
  });
  const labels = orderedLabels(parseJson(text, path), path);
  if (labels.length === classes) return labels;
  throw userError({ where: path, what: `${labels.length} labels for a head of ${classes} relations` });
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw userError({ where, what: `not JSON (${error instanceof Error ? error.message : error})` });
  }
}

function orderedLabels(json: unknown, where: string): string[] {
  const bad = () => userError({ where, what: "no labels", expected: 'a list ["P19", …] or a map {"P19": 0, …}' });
  if (typeof json !== "object" || json === null) throw bad();
  const pairs: (readonly [string, unknown])[] = Array.isArray(json)
    ? json.map((name, i) => [typeof name === "string" ? name : "", i] as const)
    : Object.entries(json);
  const names = new Array<string>(pairs.length);
  for (const [name, index] of pairs) {
    if (name === "" || typeof index !== "number" || !(index in pairs) || index in names) throw bad();
    names[index] = name;
  }
  if (new Set(names).size !== names.length) throw userError({ where, what: "a label stands there twice" });
  return names;
}
