import { join } from "node:path";
import { holdsAdapter } from "../../adapters/config.js";
import { isDownstreamFolder } from "../../adapters/downstream-folder.js";
import { type AdapterManifest, adapterFiles, readAdapterManifest } from "../../adapters/folder.js";
import { adapterShapes } from "../../adapters/official/import-adapter.js";
import { KnowledgeModel } from "../../models/knowledge-model.js";
import type { VerifySettings } from "../../settings/apply.js";
import type { Task } from "../../tasks/task.js";
import { ChecksFailed, type CommandContext } from "../run.js";
import { taskNamed } from "../tasks/index.js";
import { type Check, checkBackbone, checkTensors, type Shapes } from "../verify/checks.js";
import { verifyDownstream } from "../verify/downstream.js";

/**
 * `verify`: the tensors of an adapter or a fine-tuned model against its configuration and recorded hashes, and its
 * backbone against the one recorded.
 */
export async function run({ dir, adapter, backbone }: VerifySettings, { output }: CommandContext): Promise<void> {
  const folder = dir ?? adapter ?? "";
  const fineTuned = await isDownstreamFolder(folder);
  const checks = await (fineTuned ? verifyDownstream : verifyAdapter)(folder, backbone);
  for (const { name, ok, detail } of checks) {
    const line = `${ok === null ? "-     " : ok ? "ok    " : "failed"} ${name}: ${detail}`;
    if (ok === false) output.note(line);
    else output.say(line);
  }
  const failed = checks.filter(({ ok }) => ok === false).length;
  output.say(
    failed === 0
      ? `the ${fineTuned ? "model" : "adapter"} is as it was made`
      : `${failed} of ${checks.length} checks failed`,
  );
  output.result({ adapter: folder, ok: failed === 0, checks });
  if (failed > 0) throw new ChecksFailed(`${failed} checks failed`);
}

async function verifyAdapter(folder: string, backbone: string | undefined): Promise<Check[]> {
  const manifest = await readAdapterManifest(folder);
  const { adapter, head } = expectedShapes(manifest);
  const check = (file: "adapter" | "head", expected: Shapes | null) =>
    checkTensors(join(folder, adapterFiles[file]), adapterFiles[file], expected, manifest.tensors?.[file]);
  return [
    ...(await check("adapter", adapter)),
    ...(await check("head", head)),
    ...(await checkBackbone(manifest.backbone, backbone)),
  ];
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
