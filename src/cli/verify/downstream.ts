import { join } from "node:path";
import { adapterScope } from "../../adapters/adapter-set.js";
import { type DownstreamManifest, downstreamFiles } from "../../adapters/downstream-folder.js";
import type { FoundDownstream } from "../../adapters/found-model.js";
import { adapterShapes } from "../../adapters/official/import-adapter.js";
import { type BackboneHandle, openBackbone } from "../../features/backbone-handle.js";
import { namedBackbone } from "../../features/named-backbone.js";
import { AdaptedModel } from "../../models/adapted-model.js";
import { designOf, trainsAdapters, trainsBackbone } from "../../models/design.js";
import { hashWeights } from "../../weights/hash.js";
import { openSafetensors } from "../../weights/safetensors.js";
import type { WeightSource } from "../../weights/source.js";
import { type Shapes, shapesOf } from "../../weights/strict-load.js";
import { headMaker } from "../tasks/index.js";
import { type Check, checkBackbone, checkTensors, same } from "../verify/checks.js";

/** A fine-tuned model's tensors, its adapters against those that it was made from, and its backbone. */
export async function verifyDownstream(found: FoundDownstream, given: string | undefined): Promise<Check[]> {
  const { folder, what, manifest } = found;
  const path = join(folder, downstreamFiles.model);
  const known = given !== undefined || manifest.backbone.name !== null;
  const backbone =
    trainsBackbone(manifest.trains) && known
      ? await openBackbone(await namedBackbone(folder, what, manifest.backbone, given))
      : null;
  return [
    ...(await checkTensors(path, downstreamFiles.model, expectedShapes(manifest, backbone), manifest.tensors)),
    ...(await checkAdapters(path, manifest)),
    ...(await checkBackbone(found, given)),
  ];
}

/** Names and shapes that the configuration asks for; null where this version does not know the task or the backbone. */
function expectedShapes(manifest: DownstreamManifest, folder: BackboneHandle | null): Shapes | null {
  const { trains, backbone } = manifest;
  const made = headMaker(manifest);
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
