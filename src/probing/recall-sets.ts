/**
 * Adapters that were taught facts, beside the model's own head: each alone, and all together.
 * @module
 */
import { readAdapterParameters, readSubjects } from "../adapters/folder.js";
import type { OpenedAdapter } from "../adapters/opened-adapter.js";
import type { Executor, LoadedGraph } from "../engine/executor.js";
import { loadWithParameters } from "../engine/fixed-parameters.js";
import { inferencePass } from "../engine/inference-pass.js";
import { setting, userError } from "../errors.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import { add, GraphBuilder, reshape, slice, unsqueeze } from "../graph/index.js";
import { setName } from "../lm/lm-head-folder.js";
import { makeJoiner } from "../models/joiner.js";
import { ParamScope } from "../nn/index.js";
import { noSubjects, recallOptionsOf } from "../tasks/recall/recall.js";
import { SubjectGate } from "../tasks/recall/subject-gate.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import { shapesOf } from "../weights/strict-load.js";
import type { HeadSet } from "./head-set.js";

/** An adapter that was taught facts. */
interface RecallAdapter {
  readonly adapter: OpenedAdapter;
  /** W: what of the adapter's output is added to the last hidden state. */
  readonly join: HostTensor<"float32">;
  /** Null where it has a say in all texts. */
  readonly gate: SubjectGate | null;
}

/**
 * The sets of adapters that were taught facts: each, and all where they are several. All of them have one head.
 *
 * @param own the model's own head: `features` `[rows, hidden]` → `logits`
 * @throws UserError where one of them learnt something else, which the model's own head cannot read
 */
export async function loadRecallSets(
  executor: Executor,
  backbone: BackboneHandle,
  adapters: readonly OpenedAdapter[],
  own: LoadedGraph,
): Promise<HeadSet[]> {
  const opened: RecallAdapter[] = [];
  for (const adapter of adapters) opened.push(await openRecall(adapter, backbone));
  const sets = [...opened.map((one) => [one]), ...(opened.length > 1 ? [opened] : [])];
  const loaded: HeadSet[] = [];
  for (const set of sets) loaded.push(await loadSet(executor, backbone, set, own));
  return loaded;
}

async function openRecall(adapter: OpenedAdapter, { config, tokenizer }: BackboneHandle): Promise<RecallAdapter> {
  const { folder, path, manifest } = adapter;
  const { features, task } = manifest;
  if (features !== "residual") {
    throw userError({
      where: folder,
      what: `the adapter learnt ${task.name}, which the model's own head cannot read`,
      expected: `an adapter that was taught facts, or a head that reads it, given with ${setting("heads")}`,
    });
  }
  const shape = [config.hiddenSize, config.hiddenSize];
  const head = await readAdapterParameters(path, "head", new Map([["join.weight", shape]]));
  const join = float32Tensor(shape, head.get("join.weight")?.data as Float32Array);
  const { neighbours, reach } = recallOptionsOf(task.options);
  if (neighbours !== "gate") return { adapter, join, gate: null };
  const subjects = await readSubjects(path, manifest);
  if (subjects === null) throw noSubjects(folder);
  return { adapter, join, gate: new SubjectGate(tokenizer, subjects, reach) };
}

/** `features` `[rows, (1 + adapters) · hidden]`, `gates` `[rows, 1, adapters]` → `joined` `[rows, hidden]` */
async function loadSet(
  executor: Executor,
  backbone: BackboneHandle,
  set: readonly RecallAdapter[],
  own: LoadedGraph,
): Promise<HeadSet> {
  const { hiddenSize, layers: last } = backbone.config;
  const adapters = set.map(({ adapter }) => adapter);
  const joiner = makeJoiner(ParamScope.root(), { by: "residual" }, { names: names(adapters), hiddenSize, last });
  const g = new GraphBuilder();
  const pass = inferencePass(g, executor);
  const fed = unsqueeze(g, g.input("features", "float32", ["batch", (1 + set.length) * hiddenSize]), 1);
  const part = (i: number) => slice(g, fed, 2, i * hiddenSize, (i + 1) * hiddenSize);
  const [state, added] = joiner.join(
    pass,
    () => part(0),
    set.map((_, i) => part(i + 1)),
  );
  if (!state || !added) throw new Error("the joiner gives the state and what is added");
  const joined = reshape(g, add(g, state, added), -1, hiddenSize);
  const tensors = new Map<string, HostTensor>();
  [...shapesOf(joiner.parameters).keys()].forEach((name, i) => {
    tensors.set(name, (set[i] as RecallAdapter).join);
  });
  return {
    name: setName(adapters),
    adapters,
    join: await loadWithParameters(executor, g.build({ joined }), tensors),
    head: own,
    gates: ({ inputIds, position }) =>
      set.map(({ gate }) => (gate === null || gate.opensAt(inputIds, position) ? 1 : 0)),
  };
}

const names = (adapters: readonly OpenedAdapter[]) => adapters.map(({ name }) => name);
