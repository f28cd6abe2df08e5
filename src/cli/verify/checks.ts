import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { adapterFiles } from "../../adapters/folder.js";
import type { FoundAdapter, FoundModel } from "../../adapters/found-model.js";
import { UserError } from "../../errors.js";
import { backboneIdentity, openBackbone } from "../../features/backbone-handle.js";
import { namedBackbone } from "../../features/named-backbone.js";
import { recall } from "../../tasks/recall/recall.js";
import { toFloat32 } from "../../weights/float32.js";
import { hashFile, hashWeights } from "../../weights/hash.js";
import { openSafetensors } from "../../weights/safetensors.js";
import type { WeightSource } from "../../weights/source.js";
import { type Shapes, strictLoad } from "../../weights/strict-load.js";
import { flagName } from "../flags.js";

/** One thing that was looked at; `ok` is null where there was nothing to compare with. */
export interface Check {
  readonly name: string;
  readonly ok: boolean | null;
  readonly detail: string;
}

/** A file's tensors against what a configuration asks for, and the hash that was recorded. */
export async function checkTensors(
  path: string,
  name: string,
  expected: Shapes | null,
  recorded: string | undefined,
): Promise<Check[]> {
  const source = await openSafetensors(path);
  try {
    return [
      { name: `${name}, tensors`, ...complete(source, expected) },
      { name: `${name}, numbers`, ...(await finite(source)) },
      { name: `${name}, SHA-256 of its tensors`, ...same(recorded ?? null, await hashWeights(source)) },
    ];
  } finally {
    await source.close();
  }
}

function complete(source: WeightSource, expected: Shapes | null): Omit<Check, "name"> {
  const count = [...source.keys()].length;
  if (!expected) return { ok: null, detail: `${count}, of a head that this version does not know` };
  try {
    strictLoad(expected, source);
    return { ok: true, detail: `all ${count} that the configuration asks for` };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { ok: false, detail: error.lineFor(flagName) };
  }
}

async function finite(source: WeightSource): Promise<Omit<Check, "name">> {
  let elements = 0;
  for (const key of source.keys()) {
    const data = toFloat32(await source.read(key));
    const place = data.findIndex((value) => !Number.isFinite(value));
    if (place >= 0) return { ok: false, detail: `${key} has ${data[place]} at element ${place}` };
    elements += data.length;
  }
  return { ok: true, detail: `${elements.toLocaleString("en")}, all finite` };
}

/** Whether something is as it was recorded. */
export function same(recorded: string | number | null, found: string | number): Omit<Check, "name"> {
  if (recorded === null) return { ok: null, detail: `${found}; none was recorded` };
  if (recorded === found) return { ok: true, detail: String(found) };
  return { ok: false, detail: `${found}, but ${recorded} was recorded` };
}

/** The names that open an adapter's gate, where it has one, and the wordings that its facts were taught in. */
export async function checkLists({ folder, manifest }: FoundAdapter): Promise<Check[]> {
  const { subjects = null, wordings = null, task } = manifest;
  const gated = task.name === recall.name && task.options["neighbours"] === "gate";
  return [
    ...(await checkList(join(folder, adapterFiles.subjects), subjects, gated)),
    ...(await checkList(join(folder, adapterFiles.wordings), wordings, false)),
  ];
}

/** @param needed whether it must be there though no hash of it was recorded */
async function checkList(path: string, recorded: string | null, needed: boolean): Promise<Check[]> {
  const name = `${basename(path)}, SHA-256`;
  if (existsSync(path)) return [{ name, ...same(recorded, await hashFile(path)) }];
  return recorded !== null || needed ? [{ name, ok: false, detail: "the file is missing" }] : [];
}

/** A backbone against the one that a folder records. */
export async function checkBackbone(
  { folder, what, manifest: { backbone } }: FoundModel,
  given: string | undefined,
): Promise<Check[]> {
  if (given === undefined && backbone.name === null) {
    return [{ name: "backbone", ok: null, detail: "none was recorded, and --backbone is not given" }];
  }
  const found = backboneIdentity(await openBackbone(await namedBackbone(folder, what, backbone, given)));
  return [
    { name: "backbone, kind", ...same(backbone.modelType, found.modelType) },
    { name: "backbone, hidden size", ...same(backbone.hiddenSize, found.hiddenSize) },
    { name: "backbone, layers", ...same(backbone.layers, found.layers) },
    { name: "backbone, weights", ...same(backbone.hash, found.hash) },
    { name: "backbone, configuration", ...same(backbone.configHash, found.configHash) },
    { name: "backbone, tokenizer", ...same(backbone.tokenizerHash, found.tokenizerHash) },
  ];
}
