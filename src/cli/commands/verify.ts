import { join } from "node:path";
import type { AdapterManifest } from "../../adapters/adapter-manifest.js";
import { holdsAdapter } from "../../adapters/config.js";
import { adapterFiles } from "../../adapters/folder.js";
import { type FoundAdapter, findModel } from "../../adapters/found-model.js";
import { adapterShapes } from "../../adapters/official/import-adapter.js";
import { AdaptedModel } from "../../models/adapted-model.js";
import { designOf } from "../../models/design.js";
import { adapterNamed, type VerifySettings } from "../../settings/apply.js";
import { type Shapes, shapesOf } from "../../weights/strict-load.js";
import { ChecksFailed, type CommandContext } from "../run.js";
import { headMaker } from "../tasks/index.js";
import { type Check, checkBackbone, checkLists, checkTensors } from "../verify/checks.js";
import { verifyDownstream } from "../verify/downstream.js";

/**
 * `verify`: the tensors of an adapter or a fine-tuned model against its configuration and recorded hashes, and its
 * backbone against the one recorded.
 */
export async function run({ backbone, ...named }: VerifySettings, { output }: CommandContext): Promise<void> {
  const found = await findModel(adapterNamed(named));
  for (const note of found.notes) output.note(note);
  const checks = await (found.what === "model" ? verifyDownstream(found, backbone) : verifyAdapter(found, backbone));
  for (const { name, ok, detail } of checks) {
    const line = `${ok === null ? "-     " : ok ? "ok    " : "failed"} ${name}: ${detail}`;
    if (ok === false) output.note(line);
    else output.say(line);
  }
  const untold = checks.filter(({ ok }) => ok === null).length;
  const failed = checks.filter(({ ok }) => ok === false).length;
  const intact = `the ${found.what} is as it was made`;
  const told =
    untold === 0
      ? intact
      : `${intact}, as far as it can tell: ${untold} of ${checks.length} checks had nothing to compare with`;
  output.say(failed === 0 ? told : `${failed} of ${checks.length} checks failed`);
  output.result({ adapter: found.name, ok: failed === 0, checks });
  if (failed > 0) throw new ChecksFailed(`${failed} checks failed`);
}

async function verifyAdapter(found: FoundAdapter, backbone: string | undefined): Promise<Check[]> {
  const { folder, manifest } = found;
  const { adapter, head } = expectedShapes(manifest);
  const check = (file: "adapter" | "head", expected: Shapes | null) =>
    checkTensors(join(folder, adapterFiles[file]), adapterFiles[file], expected, manifest.tensors?.[file]);
  return [
    ...(await check("adapter", adapter)),
    ...(await check("head", head)),
    ...(await checkLists(found)),
    ...(await checkBackbone(found, backbone)),
  ];
}

/** Names and shapes that the configuration asks for; the head's are null where this version does not know its task. */
function expectedShapes(manifest: AdapterManifest) {
  const { features, architecture, backbone } = manifest;
  const { hiddenSize } = backbone;
  const made = headMaker(manifest);
  const adapter: Shapes = holdsAdapter(features) ? adapterShapes(architecture, hiddenSize) : new Map();
  if (!made) return { adapter, head: null };
  const { taskParameters } = new AdaptedModel({
    ...designOf(manifest),
    hiddenSize,
    backboneLayers: backbone.layers ?? Math.max(...architecture.layers),
    makeHead: (scope, sizes) => made.makeHead(scope, sizes),
  });
  return { adapter, head: shapesOf(taskParameters) };
}
