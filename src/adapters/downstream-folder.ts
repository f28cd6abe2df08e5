/**
 * A fine-tuned model as a folder: `downstream_config.json` and `model.safetensors`, which holds its adapters, fusion
 * and head, and the backbone where that was trained.
 * @module
 */

import { z } from "zod";
import { setting, userError } from "../errors.js";
import { removeMark, writeFileAtomically } from "../files/atomic.js";
import { stat } from "../host/files.js";
import { join } from "../host/paths.js";
import { tensorsOf } from "../weights/parameters.js";
import { writeSafetensors } from "../weights/safetensors-writer.js";
import { type Parameters, readParameterFile, type Shapes } from "../weights/strict-load.js";
import { adapterManifestSchema } from "./adapter-manifest.js";
import { kAdapterConfigSchema } from "./config.js";
import { hashOfTensors, readManifestFile } from "./folder.js";
import { fusionConfigSchema } from "./fusion.js";

export const downstreamFiles = { config: "downstream_config.json", model: "model.safetensors" } as const;

/** What a downstream training changes besides fusion and head. */
export const trainedParts = ["none", "backbone", "adapters", "all"] as const;
export type TrainedParts = (typeof trainedParts)[number];

const { backbone, hiddenStates, backbonePrecision, task, recipe, metrics } = adapterManifestSchema.shape;

const downstreamManifestSchema = z.object({
  format: z.literal("kadapter-downstream/1"),
  trains: z.enum(trainedParts),
  fusion: fusionConfigSchema,
  adapters: z.array(
    z.object({
      name: z.string().max(256),
      architecture: kAdapterConfigSchema,
      /** Where it was taken from, and the hash of its tensors there. */
      folder: z.string().max(4096),
      hash: z.string(),
    }),
  ),
  backbone,
  hiddenStates,
  backbonePrecision,
  task,
  recipe,
  metrics,
  /** Hash of the tensors beside it. */
  tensors: z.string().optional(),
});

/** `downstream_config.json`. */
export type DownstreamManifest = z.infer<typeof downstreamManifestSchema>;

/** Whether a folder holds a fine-tuned model. */
export async function isDownstreamFolder(folder: string): Promise<boolean> {
  return (await stat(join(folder, downstreamFiles.config)).catch(() => null)) !== null;
}

/**
 * Writes a fine-tuned model's folder; an older configuration goes first and the new one comes last, so a folder that has
 * it is complete.
 */
export async function writeDownstreamFolder(
  folder: string,
  manifest: DownstreamManifest,
  parameters: Parameters,
): Promise<void> {
  const [config, model] = [join(folder, downstreamFiles.config), join(folder, downstreamFiles.model)];
  await removeMark(config);
  await writeSafetensors(model, tensorsOf(parameters), { format: "pt" });
  const hash = await hashOfTensors(model);
  await writeFileAtomically(config, `${JSON.stringify({ ...manifest, tensors: hash }, null, 2)}\n`);
}

/** Reads and checks `downstream_config.json`. */
export function readDownstreamManifest(folder: string): Promise<DownstreamManifest> {
  return readManifestFile(
    join(folder, downstreamFiles.config),
    downstreamManifestSchema,
    "a folder made by `kadapter finetune`",
  );
}

/** Reads a fine-tuned model's parameters, all of them and no others. */
export function readDownstreamParameters(folder: string, expected: Shapes): Promise<Parameters> {
  return readParameterFile(join(folder, downstreamFiles.model), expected);
}

/** @throws UserError where two adapters have the same name, or one that cannot stand in parameter names */
export function checkAdapterNames(names: readonly string[]): void {
  const bad = names.find((name, i) => !/^[\w-]+$/.test(name) || names.indexOf(name) !== i);
  if (bad === undefined) return;
  throw userError({
    where: setting("adapter"),
    what: /^[\w-]+$/.test(bad)
      ? `two adapters are called ${bad}`
      : `an adapter cannot be called ${JSON.stringify(bad)}`,
    expected: "another name of letters, digits, - and _ for each",
  });
}
