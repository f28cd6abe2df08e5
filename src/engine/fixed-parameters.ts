import { type Graph, type ParameterSource, toOnnx } from "../graph/index.js";
import { bytesOf, type HostTensor } from "../tensor.js";
import type { Executor, LoadedGraph } from "./executor.js";

/**
 * Loads a graph with fixed parameters, which are handed over in memory beside it, so that protobuf's limit of 2 GB does not
 * apply.
 */
export async function loadWithParameters(
  executor: Executor,
  graph: Graph,
  tensors: ReadonlyMap<string, HostTensor>,
): Promise<LoadedGraph> {
  const files: Record<string, Uint8Array> = {};
  const source = ({ name }: { readonly name: string }): ParameterSource => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`there is no parameter ${name}`);
    const bytes = bytesOf(tensor);
    files[name] = bytes;
    return { kind: "external", location: name, offset: 0, length: bytes.byteLength };
  };
  const model = toOnnx(graph, { parameter: source });
  return executor.load({ model, externalFiles: files });
}
