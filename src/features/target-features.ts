import { backboneInputs } from "../backbones/index.js";
import type { Executor, LoadedGraph } from "../engine/executor.js";
import { loadWithParameters } from "../engine/fixed-parameters.js";
import { inferencePass } from "../engine/inference-pass.js";
import { GraphBuilder } from "../graph/index.js";
import { concatenated, float32Tensor, floatsOf } from "../tensor.js";
import type { BackboneHandle } from "./backbone-handle.js";
import { backboneName, type PositionedText, type PositionSource, type PositionVectors } from "./position-features.js";
import { padBatch, tokenFeeds } from "./token-batch.js";
import { readNamed } from "./word-embeddings.js";

/**
 * What a model's own head reads where words are predicted by a stream of their own (XLNet): the vectors of positions
 * whose words no position sees. Null where the model has no such stream, or its weights lack it.
 */
export async function openTargetFeatures(executor: Executor, folder: BackboneHandle): Promise<PositionSource | null> {
  const { targets, parameters } = folder.definition.build(folder.config);
  if (!targets) return null;
  const g = new GraphBuilder();
  const hidden = g.input("hidden", "float32", ["batch", "sequence", "sequence"]);
  const mapping = g.input("mapping", "float32", ["batch", "targets", "sequence"]);
  const predicted = targets.forward(inferencePass(g, executor), backboneInputs(g), hidden, mapping);
  const names = [...parameters, ...targets.parameters].map(({ name }) => name);
  const tensors = await readNamed(folder, names, true);
  if (tensors.size < names.length) return null;
  const graph = g.build({ predicted });
  const fed = new Set(graph.inputs.map(({ name }) => name));
  return new TargetFeatures(folder, fed, await loadWithParameters(executor, graph, tensors));
}

class TargetFeatures implements PositionSource {
  constructor(
    private readonly folder: BackboneHandle,
    private readonly inputs: ReadonlySet<string>,
    private readonly graph: LoadedGraph,
  ) {}

  async vectors(texts: readonly PositionedText[]): Promise<PositionVectors> {
    const { hiddenSize, padTokenId } = this.folder.config;
    const ids = texts.map(({ inputIds }) => inputIds);
    const width = Math.max(...ids.map(({ length }) => length));
    const most = Math.max(...texts.map(({ positions }) => positions.length));
    const hidden = new Float32Array(texts.length * width * width);
    const mapping = new Float32Array(texts.length * most * width);
    texts.forEach(({ positions }, text) => {
      for (let row = 0; row < width; row++) {
        for (const position of positions) hidden[(text * width + row) * width + position] = 1;
      }
      // A text with fewer positions than the others repeats its last one.
      for (let row = 0; row < most; row++) {
        const position = positions[Math.min(row, positions.length - 1)] ?? 0;
        mapping[(text * most + row) * width + position] = 1;
      }
    });
    const feeds = {
      ...tokenFeeds(this.folder, padBatch(ids, width, padTokenId)),
      hidden: float32Tensor([texts.length, width, width], hidden),
      mapping: float32Tensor([texts.length, most, width], mapping),
    };
    const wanted = Object.fromEntries(Object.entries(feeds).filter(([name]) => this.inputs.has(name)));
    const predicted = floatsOf(await this.graph.run(wanted, ["predicted"]), "predicted");
    const rows = texts.map(({ positions }, text) =>
      predicted.subarray(text * most * hiddenSize, (text * most + positions.length) * hiddenSize),
    );
    return new Map([[backboneName, concatenated(rows)]]);
  }

  close(): Promise<void> {
    return this.graph.close();
  }
}
