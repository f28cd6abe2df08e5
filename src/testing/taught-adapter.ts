import { resolveAdapterConfig } from "../adapters/config.js";
import { type Parameters, writeAdapterFolder } from "../adapters/folder.js";
import { type Wordings, wordingLines } from "../data/wordings.js";
import { backboneIdentity, openBackbone } from "../features/backbone-handle.js";
import { pretrainingDesign } from "../models/design.js";
import { initialValue } from "../nn/index.js";
import { recall } from "../tasks/recall/recall.js";
import { makeTaskModel } from "../training/task-model.js";

/**
 * Writes an adapter as `kadapter teach` does, its weights drawn: what it says is nothing that anybody taught, but
 * something else than the model alone says.
 *
 * @param backbone folder of a model with its language-model head
 * @param subjects whose texts it has a say in; all texts where they are left out
 * @param wordings in which it is said to have been taught
 */
export async function writeTaughtAdapter(
  folder: string,
  backbone: string,
  subjects?: readonly string[],
  wordings?: Wordings,
): Promise<string> {
  const handle = await openBackbone(backbone);
  const { layers } = handle.config;
  const small = { size: 8, heads: 2, transformerLayers: 1, layers: [0, layers], init: 0.3 };
  const architecture = resolveAdapterConfig(handle.config, "official", small);
  const task = { labels: null, options: { neighbours: subjects ? "gate" : "prior", keep: 1 } };
  const { model } = makeTaskModel(
    recall,
    { ...task, ...(subjects ? { subjects } : {}) },
    {
      ...{ backbone: handle, design: pretrainingDesign({ features: "residual", adapter: architecture }) },
      ...{ maxLength: 24, headInit: "official", dropout: 0, featureDtype: "float32" },
    },
  );
  const drawn = (parameters: typeof model.parameters, value: (i: number) => number): Parameters =>
    new Map(
      parameters.map((one) => [one.name, { shape: one.shape, data: initialValue(one, 1).map((x, i) => x + value(i)) }]),
    );
  await writeAdapterFolder(folder, {
    manifest: {
      ...{ format: "kadapter/1", features: "residual", architecture, hiddenStates: "float32" },
      ...{ backbonePrecision: "float32", backbone: backboneIdentity(handle) },
      task: { name: recall.name, maxLength: 24, ...task },
      recipe: {},
      metrics: {},
    },
    adapter: drawn(model.adapterParameters, () => 0),
    head: drawn(model.taskParameters, (i) => Math.sin(i)),
    ...(subjects ? { subjects } : {}),
    ...(wordings ? { wordings: wordingLines(wordings) } : {}),
  });
  return folder;
}
