import { join } from "node:path";
import {
  type AdapterManifest,
  adapterFiles,
  adapterShapes,
  holdsAdapter,
  readAdapterManifest,
} from "../../adapters/index.js";
import { UserError } from "../../errors.js";
import { KnowledgeModel, type Task } from "../../tasks/index.js";
import { backboneIdentity, openBackbone } from "../../training/frozen-backbone.js";

import { hashWeights, openSafetensors, strictLoad, toFloat32, type WeightSource } from "../../weights/index.js";
import type { VerifyOptions } from "../commands/look.js";
import { ChecksFailed, type CommandContext } from "../run.js";
import { taskNamed } from "../tasks/index.js";

/** One thing that was looked at; `ok` is null where there was nothing to compare with. */
interface Check {
  readonly name: string;
  readonly ok: boolean | null;
  readonly detail: string;
}

type Shapes = ReadonlyMap<string, readonly number[]>;

/** `verify`: an adapter's tensors against its configuration and recorded hashes, and its backbone against the one recorded. */
export async function handleVerify(options: VerifyOptions, { output }: CommandContext): Promise<void> {
  const manifest = await readAdapterManifest(options.adapter);
  const { adapter, head } = expectedShapes(manifest);
  const checks = [
    ...(await checkTensors(options.adapter, "adapter", adapter, manifest.tensors?.adapter)),
    ...(await checkTensors(options.adapter, "head", head, manifest.tensors?.head)),
    ...(await checkBackbone(manifest, options.backbone)),
  ];
  for (const { name, ok, detail } of checks) {
    const line = `${ok === null ? "-     " : ok ? "ok    " : "failed"} ${name}: ${detail}`;
    if (ok === false) output.note(line);
    else output.say(line);
  }
  const failed = checks.filter(({ ok }) => ok === false).length;
  output.say(failed === 0 ? "the adapter is as it was made" : `${failed} of ${checks.length} checks failed`);
  output.result({ adapter: options.adapter, ok: failed === 0, checks });
  if (failed > 0) throw new ChecksFailed(`${failed} checks failed`);
}

/** Names and shapes that the configuration asks for; the head's are null where this version does not know its task. */
function expectedShapes({ features, architecture, backbone, task }: AdapterManifest) {
  const { hiddenSize } = backbone;
  const made = taskNamed(task.name)?.(
    ({ kind }): Pick<Task<never, never, never>, "makeHead"> =>
      kind.make(task, { maxLength: task.maxLength, dropout: 0, headInit: "official" }),
  );
  const adapter: Shapes = holdsAdapter(features) ? adapterShapes(architecture, hiddenSize) : new Map();
  if (!made) return { adapter, head: null };
  const { head } = new KnowledgeModel({
    features,
    adapter: architecture,
    hiddenSize,
    backboneLayers: backbone.layers ?? Math.max(...architecture.layers),
    makeHead: (scope, sizes) => made.makeHead(scope, sizes),
  });
  return { adapter, head: new Map(head.parameters.map(({ name, shape }) => [name, shape])) };
}

async function checkTensors(
  folder: string,
  file: "adapter" | "head",
  expected: Shapes | null,
  recorded: string | undefined,
): Promise<Check[]> {
  const source = await openSafetensors(join(folder, adapterFiles[file]));
  try {
    const name = adapterFiles[file];
    return [
      { name: `${name}, tensors`, ...complete(source, expected) },
      { name: `${name}, numbers`, ...(await finite(source)) },
      { name: `${name}, SHA-256`, ...same(recorded ?? null, await hashWeights(source)) },
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
    return { ok: false, detail: error.message };
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

function same(recorded: string | number | null, found: string | number): Omit<Check, "name"> {
  if (recorded === null) return { ok: null, detail: `${found}; none was recorded` };
  if (recorded === found) return { ok: true, detail: String(found) };
  return { ok: false, detail: `${found}, but ${recorded} was recorded` };
}

async function checkBackbone({ backbone }: AdapterManifest, given: string | undefined): Promise<Check[]> {
  const name = given ?? backbone.name;
  if (name === null) return [{ name: "backbone", ok: null, detail: "none was recorded, and --backbone is not given" }];
  const found = backboneIdentity(await openBackbone(name));
  return [
    { name: "backbone, kind", ...same(backbone.modelType, found.modelType) },
    { name: "backbone, hidden size", ...same(backbone.hiddenSize, found.hiddenSize) },
    { name: "backbone, layers", ...same(backbone.layers, found.layers) },
    { name: "backbone, weights", ...same(backbone.hash, found.hash) },
    { name: "backbone, tokenizer", ...same(backbone.tokenizerHash, found.tokenizerHash) },
  ];
}
