import { basename, join } from "node:path";
import type { AdapterManifest } from "../../adapters/adapter-manifest.js";
import { adapterFiles, unknownHashes, writeAdapterFolder } from "../../adapters/folder.js";
import { type OfficialAdapter, readOfficialAdapter } from "../../adapters/official/import-adapter.js";
import { type BackboneHandle, backboneIdentity, openBackbone } from "../../features/backbone-handle.js";
import { withOutputFolder } from "../../library/output-folder.js";
import { counted } from "../../phrases.js";
import type { ImportSettings } from "../../settings/tools.js";
import { totalElements } from "../../tensor.js";
import { isOfficialDownstream } from "../../training/import-downstream.js";
import { hashFile } from "../../weights/hash.js";
import { openWeights } from "../../weights/open.js";
import { refuseExisting } from "../files.js";
import { checkSizes, labelsOf, maxLengthOf, shapeOf } from "../import/common.js";
import { importDownstream } from "../import/downstream.js";
import type { CommandContext } from "../run.js";

/** `import FILE`: an adapter or a fine-tuned model of the released code becomes a folder; its tensors tell which. */
export async function run(options: ImportSettings, context: CommandContext): Promise<void> {
  const source = await openWeights(options.file);
  const fineTuned = isOfficialDownstream(source);
  await source.close();
  await (fineTuned ? importDownstream(options, context) : importAdapter(options, context));
}

async function importAdapter(options: ImportSettings, { output }: CommandContext): Promise<void> {
  const { out, file } = options;
  await refuseExisting(join(out, adapterFiles.config), options.overwrite);
  const official = await readOfficialAdapter(file, shapeOf(options));
  const backbone = options.backbone === undefined ? null : await openBackbone(options.backbone);
  checkSizes(official, backbone, file);
  const manifest = await manifestOf(official, backbone, options);
  const { adapter, head, others } = official;
  await withOutputFolder(out, () => writeAdapterFolder(out, { manifest, adapter, head }));
  for (const name of others) output.note(`left out ${JSON.stringify(name)}: no tensor`);
  const counts = { adapter: totalElements(adapter.values()), head: totalElements(head.values()) };
  const { architecture } = official;
  output.say(
    `${counted(architecture.layers.length, "adapter layer")} at ${architecture.layers.join(", ")}, ${architecture.transformerLayers} × ${architecture.size} inside, ${counted(counts.adapter, "parameter")} in ${counted(adapter.size, "tensor")}`,
  );
  output.say(
    `head for ${manifest.task.name}, ${counted(official.classes, "class", "classes")}, ${counted(counts.head, "parameter")} in ${counted(head.size, "tensor")}`,
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

async function manifestOf(
  official: OfficialAdapter,
  backbone: BackboneHandle | null,
  options: ImportSettings,
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
      : { name: null, modelType: null, hiddenSize, layers: null, ...unknownHashes },
    task: { name: task, labels, maxLength: maxLengthOf(task, backbone, options.maxLength), options: taskOptions },
    recipe: { importedFrom: basename(options.file), sha256: await hashFile(options.file) },
    metrics: {},
  };
}
