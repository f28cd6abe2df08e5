import { basename } from "node:path";
import { writeAtomically, writeFileAtomically } from "../files/atomic.js";
import { type Parameter, type ParameterSource, toOnnx } from "../graph/index.js";
import { byteCount, bytesOf, type HostTensor } from "../tensor.js";
import type { WeightedGraph } from "./small-weights.js";

/** Up to so many bytes of weights stand in the model's own file; protobuf, its format, ends at twice as many. */
const mostInline = 2 ** 30;

/** Where tensors begin in a file of their own: what is read there in place is aligned to it. */
const alignment = 64;

/** How a model's file is written. */
export interface OnnxFileOptions {
  readonly opset: number;
  /** Bytes of weights that may stand in the model's own file. */
  readonly mostInline?: number;
}

/**
 * Writes a graph with its weights: into one file, or where they are too large into a second one, `PATH_data`, which
 * belongs beside it.
 */
export async function writeOnnx(
  path: string,
  { graph, tensors }: WeightedGraph,
  options: OnnxFileOptions,
): Promise<void> {
  const stored = [...graph.parameters.keys()].map(
    (parameter) => [parameter, tensors.get(parameter) as HostTensor] as const,
  );
  const bytes = stored.reduce((sum, [, tensor]) => sum + byteCount(tensor), 0);
  const external = bytes > (options.mostInline ?? mostInline);
  const sources = external ? await writeData(`${path}_data`, stored) : inlineSources(stored);
  const model = toOnnx(graph, { opset: options.opset, parameter: (one) => sources.get(one) as ParameterSource });
  await writeFileAtomically(path, model);
}

type Stored = readonly (readonly [Parameter, HostTensor])[];

const inlineSources = (stored: Stored): ReadonlyMap<Parameter, ParameterSource> =>
  new Map(stored.map(([parameter, tensor]) => [parameter, { kind: "inline", tensor }]));

/** Tensors one after another in a file. */
async function writeData(path: string, stored: Stored): Promise<ReadonlyMap<Parameter, ParameterSource>> {
  const sources = new Map<Parameter, ParameterSource>();
  await writeAtomically(path, async (file) => {
    let offset = 0;
    for (const [parameter, tensor] of stored) {
      const bytes = bytesOf(tensor);
      const length = bytes.byteLength;
      // A call may write less than it is given.
      for (let done = 0; done < length; ) {
        done += (await file.write(bytes, done, length - done, offset + done)).bytesWritten;
      }
      sources.set(parameter, { kind: "external", location: basename(path), offset, length });
      offset = alignment * Math.ceil((offset + length) / alignment);
    }
  });
  return sources;
}
