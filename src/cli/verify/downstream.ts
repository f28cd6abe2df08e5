import { join } from "node:path";
import { adapterScope } from "../../adapters/adapter-set.js";
import { type DownstreamManifest, downstreamFiles, readDownstreamManifest } from "../../adapters/downstream-folder.js";
import { adapterShapes } from "../../adapters/official/import-adapter.js";
import { type BackboneHandle, openBackbone } from "../../features/backbone-handle.js";
import { AdaptedModel } from "../../models/adapted-model.js";
import { designOf, trainsAdapters, trainsBackbone } from "../../models/design.js";
import type { Task } from "../../tasks/task.js";
import { hashWeights } from "../../weights/hash.js";
import { openSafetensors } from "../../weights/safetensors.js";
import type { WeightSource } from "../../weights/source.js";
import { type Shapes, shapesOf } from "../../weights/strict-load.js";
import { taskNamed } from "../tasks/index.js";
import { type Check, checkBackbone, checkTensors, same } from "../verify/checks.js";

/** A fine-tuned model's tensors, its adapters against those that it was made from, and its backbone. */
export async function verifyDownstream(folder: string, given: string | undefined): Promise<Check[]> {
  const manifest = await readDownstreamManifest(folder);
  const path = join(folder, downstreamFiles.model);
  const name = given ?? manifest.backbone.name;
  const backbone = trainsBackbone(manifest.trains) && name !== null ? await openBackbone(name) : null;
  return [
    ...(await checkTensors(path, downstreamFiles.model, expectedShapes(manifest, backbone), manifest.tensors)),
    ...(await checkAdapters(path, manifest)),
    ...(await checkBackbone(manifest.backbone, given)),
  ];
}

/** Names and shapes that the configuration asks for; null where this version does not know the task or the backbone. */
function expectedShapes(manifest: DownstreamManifest, folder: BackboneHandle | null): Shapes | null {
  const { task, trains, backbone } = manifest;
  const made = taskNamed(task.name)?.(
    ({ kind }): Pick<Task<never, never, never>, "makeHead"> =>
      kind.make(task, { maxLength: task.maxLength, dropout: 0, headInit: "official" }),
  );
  if (!made || (trainsBackbone(trains) && !folder)) return null;
  const model = new AdaptedModel({
    backbone: folder ? folder.definition.build(folder.config) : null,
    hiddenSize: backbone.hiddenSize,
    backboneLayers: backbone.layers ?? 0,
    ...designOf(manifest),
    makeHead: (scope, sizes) => made.makeHead(scope, sizes),
  });
  return shapesOf(model.parameters);
}

/** Frozen adapters are in the model as they were, to the last bit. */
async function checkAdapters(path: string, manifest: DownstreamManifest): Promise<Check[]> {
  const { adapters, trains, backbone } = manifest;
  const source = await openSafetensors(path);
  try {
    const checks: Check[] = [];
    for (const { name, architecture, hash } of adapters) {
      const names = [...adapterShapes(architecture, backbone.hiddenSize).keys()];
      const what = `adapter ${name}, SHA-256 of its tensors`;
      if (trainsAdapters(trains)) {
        checks.push({ name: what, ok: null, detail: "it was trained further" });
      } else if (names.some((key) => !source.info(`${adapterScope(name)}.${key}`))) {
        checks.push({ name: what, ok: false, detail: "not all of its tensors are there" });
      } else checks.push({ name: what, ...same(hash, await hashWeights(below(source, adapterScope(name), names))) });
    }
    return checks;
  } finally {
    await source.close();
  }
}

/** The tensors below a prefix, without it. */
const below = (source: WeightSource, prefix: string, names: readonly string[]) => ({
  keys: () => names,
  read: (key: string) => source.read(`${prefix}.${key}`),
});
