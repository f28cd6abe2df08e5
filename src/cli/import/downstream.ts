import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type DownstreamManifest, downstreamFiles, writeDownstreamFolder } from "../../adapters/downstream-folder.js";
import { userError } from "../../errors.js";
import { type BackboneHandle, openBackbone } from "../../features/backbone-handle.js";
import { withOutputFolder } from "../../library/output-folder.js";
import { counted } from "../../phrases.js";
import type { ImportSettings } from "../../settings/tools.js";
import { totalElements } from "../../tensor.js";
import { type OfficialDownstreamModel, readOfficialDownstream } from "../../training/import-downstream.js";
import { hashFile } from "../../weights/hash.js";
import { refuseExisting } from "../files.js";
import type { CommandContext } from "../run.js";
import { checkSizes, labelsOf, maxLengthOf, shapeOf } from "./common.js";

/** `import FILE` for a fine-tuned model of the released code: adapters, fusion, head, and the trained backbone. */
export async function importDownstream(options: ImportSettings, { output }: CommandContext): Promise<void> {
  const { out, file } = options;
  await refuseExisting(join(out, downstreamFiles.config), options.overwrite);
  const backbone = options.backbone === undefined ? null : await openBackbone(options.backbone);
  const backboneWeights = await trainedBackbone(options);
  const official = await readOfficialDownstream(file, { ...shapeOf(options), backbone, backboneWeights });
  const { manifest, parameters, task, leftOut } = official;
  const { hiddenSize } = manifest.backbone;
  for (const { architecture } of manifest.adapters) checkSizes({ architecture, hiddenSize }, backbone, file);
  if (backbone && backbone.config.hiddenSize !== hiddenSize) {
    throw userError({
      where: file,
      what: `hidden states of size ${hiddenSize}, not the backbone's ${backbone.config.hiddenSize}`,
    });
  }
  const whole = await manifestOf(official, backbone, options, backboneWeights);
  await withOutputFolder(out, () => writeDownstreamFolder(out, whole, parameters));
  const names = manifest.adapters.map(({ name }) => name);
  for (const name of leftOut) output.note(`left out ${JSON.stringify(name)}: it takes no part`);
  output.say(`${task.name}, ${task.classes === null ? "a choice" : counted(task.classes, "class", "classes")}`);
  output.say(
    `${names.length === 0 ? "no adapter" : `adapters ${names.join(", ")}, fused by ${manifest.fusion.kind}`}; ` +
      `${counted(totalElements(parameters.values()), "parameter")} in ${counted(parameters.size, "tensor")}`,
  );
  output.say(backboneWeights === null ? "the backbone was frozen" : `the trained backbone is from ${backboneWeights}`);
  output.say(`the model is in ${out}`);
  output.result({
    ...{ out, kind: "fine-tuned", task: task.name, classes: task.classes, fusion: manifest.fusion, hiddenSize },
    adapters: manifest.adapters,
    trains: manifest.trains,
    tensors: parameters.size,
    parameters: totalElements(parameters.values()),
    leftOut,
    backboneWeights,
    backboneHash: backbone?.hash ?? null,
  });
}

/** The trained backbone's file: as given, or where the released scripts put it. */
async function trainedBackbone({ file, backboneWeights }: ImportSettings): Promise<string | null> {
  if (backboneWeights !== undefined) return backboneWeights;
  const besides = [
    "pytorch_pretrained_model.bin",
    // The CosmosQA script's: pytorch_model_best.bin beside pytorch_bertmodel_best.bin.
    basename(file).replace(/^pytorch_model_/, "pytorch_bertmodel_"),
  ];
  for (const name of besides) {
    const path = join(dirname(file), name);
    if (name !== basename(file) && (await stat(path).catch(() => null)) !== null) return path;
  }
  return null;
}

async function manifestOf(
  { manifest, task }: OfficialDownstreamModel,
  backbone: BackboneHandle | null,
  options: ImportSettings,
  backboneWeights: string | null,
): Promise<DownstreamManifest> {
  const { file } = options;
  const labels = task.classes === null ? null : await labelsOf(options, task.classes);
  const trained = backboneWeights === null ? {} : { backboneSha256: await hashFile(backboneWeights) };
  return {
    format: "kadapter-downstream/1",
    ...manifest,
    hiddenStates: "float32",
    backbonePrecision: "float32",
    task: {
      name: task.name,
      labels,
      maxLength: maxLengthOf(task.name, backbone, options.maxLength),
      options: { ...task.options },
    },
    recipe: { importedFrom: basename(file), sha256: await hashFile(file), ...trained },
    metrics: {},
  };
}
