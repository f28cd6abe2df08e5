/**
 * A model and a head that was trained for it as one folder, in which the head is the model's own: all that asks or
 * teaches a model with its own head takes it.
 * @module
 */

import { setting, userError } from "../errors.js";
import { type BackboneHandle, readBackboneTensors } from "../features/backbone-handle.js";
import { readJson } from "../files/json.js";
import { join } from "../host/paths.js";
import { ParamScope } from "../nn/index.js";
import type { HostTensor } from "../tensor.js";
import { type ConfigJson, copyTokenizer, givenModelStart, writeLanguageModel } from "./language-model-folder.js";
import { headNormEpsilon, LmHead } from "./lm-head.js";
import { readLmHead, readLmHeadManifest, requireSameParts } from "./lm-head-folder.js";

/**
 * Whether a trained head can be a model's own: both compute the same.
 *
 * @throws UserError where the model's own head would be another
 */
export function requireOwnHead({ folder, definition, config }: BackboneHandle): void {
  const { activation, layerNormEps, tiedWords } = config;
  if (definition.kind === "bert" && activation === "gelu" && layerNormEps === headNormEpsilon && tiedWords) return;
  throw userError({
    where: folder,
    what: "a head that is trained anew cannot be this model's own, which computes something else",
    expected: `a BERT with gelu, layer_norm_eps ${headNormEpsilon} and tied words`,
    fix: `leave ${setting("modelOut")} out, and give the head with ${setting("heads")}`,
  });
}

/**
 * Writes a copy of a model whose own head is one that was trained for it alone. The model's other weights stay as they
 * are, to the bit.
 *
 * @param head the trained head's folder
 * @throws UserError where the head cannot be the model's own, reads adapters, or was trained beside another model
 */
export async function writeModelWithHead(folder: string, backbone: BackboneHandle, head: string): Promise<void> {
  requireOwnHead(backbone);
  const manifest = await readLmHeadManifest(head);
  requireSameParts(head, manifest, backbone, []);
  if (manifest.adapters.length > 0 || !manifest.tied) {
    const expected = "a head over the model alone, tied to its word embedding";
    throw userError({ where: head, what: "the head cannot be the model's own", expected });
  }
  const module = new LmHead(ParamScope.root(), manifest.sizes, true);
  const trained = await readLmHead(head, module);
  // Both declare dense layer, norm and bias in this order.
  const { headParameters } = backbone.definition.build(backbone.config);
  const named = headParameters.map(({ name }, i): readonly [string, HostTensor] => {
    const tensor = trained.get(module.parameters[i]?.name ?? "");
    if (!tensor) throw new Error(`the trained head has nothing for ${name}`);
    return [name, tensor];
  });
  const tensors = [...Object.entries(await readBackboneTensors(backbone)), ...named];
  const json = await readJson(join(backbone.folder, "config.json"), { what: "the configuration" });
  await copyTokenizer(backbone.folder, folder);
  await writeLanguageModel(folder, givenModelStart(backbone), json as ConfigJson, tensors, cardOf(backbone, manifest));
}

function cardOf(
  { name }: BackboneHandle,
  { metrics }: { readonly metrics: Readonly<Record<string, unknown>> },
): string {
  const quality = Object.entries(metrics).flatMap(([key, value]) =>
    typeof value === "number" ? [`- ${key}: ${value.toPrecision(4)}`] : [],
  );
  return `# A masked language model\n\nThe weights of \`${name.replaceAll("`", "")}\`, and a head that was trained for them on text:\n\n${quality.join("\n")}\n`;
}
