/**
 * Adapters that the released code (microsoft/K-Adapter) wrote: `pytorch_model.bin` of `fac-adapter.py` and
 * `lin-adapter.py`.
 * @module
 */
import { setting, userError } from "../../errors.js";
import { parseWith } from "../../files/json.js";
import { ParamScope } from "../../nn/index.js";
import { counted } from "../../phrases.js";
import { openWeights } from "../../weights/open.js";
import type { WeightSource } from "../../weights/source.js";
import { type Parameters, readParameters, type Shapes, shapesOf, strictLoad } from "../../weights/strict-load.js";
import { type KAdapterConfig, kAdapterConfigSchema } from "../config.js";
import { KAdapter } from "../k-adapter.js";

/** What the file cannot tell. */
export interface OfficialImportOptions {
  /** Hidden states that the adapter reads, one for each adapter layer of the file. */
  readonly layers: readonly number[];
  readonly heads: number;
  readonly skip: number;
  readonly maskPadding: boolean;
}

/** Tasks that the released code pre-trains adapters with. */
export type OfficialTask = "relation-classification" | "head-prediction";

/** An adapter of the released code, all of its tensors included. */
export interface OfficialAdapter {
  readonly architecture: KAdapterConfig;
  /** The backbone's. */
  readonly hiddenSize: number;
  readonly task: OfficialTask;
  /** Rows of `out_proj`: relations, or positions that a head may have. */
  readonly classes: number;
  readonly adapter: Parameters;
  readonly head: Parameters;
  /** Entries of the file that are no tensors. */
  readonly others: readonly string[];
}

/**
 * Reads an adapter of the released code (its zip or legacy format, or safetensors). Sizes and the number of layers are
 * those of the tensors; every tensor must have its place.
 *
 * @throws UserError when the file is no such adapter, or does not agree with `options`
 */
export async function readOfficialAdapter(path: string, options: OfficialImportOptions): Promise<OfficialAdapter> {
  const source = await openWeights(path);
  try {
    const { architecture, hiddenSize } = officialArchitecture(source, options);
    const adapter = adapterShapes(architecture, hiddenSize);
    const task = source.info("self_attention.self.query.weight") ? "head-prediction" : "relation-classification";
    const classes = rows(source, "out_proj.weight");
    const head = headShapes(task, hiddenSize, classes);
    const loader = strictLoad(new Map([...adapter, ...head]), source);
    return {
      architecture,
      hiddenSize,
      task,
      classes,
      adapter: await readParameters(loader, adapter),
      head: await readParameters(loader, head),
      others: loader.others,
    };
  } finally {
    await source.close();
  }
}

/**
 * The architecture of an adapter, by the shapes of its tensors.
 *
 * @param prefix before the tensors' names: `fac_adapter.` in a downstream checkpoint
 */
export function officialArchitecture(
  source: WeightSource,
  options: OfficialImportOptions,
  prefix = "",
): { readonly architecture: KAdapterConfig; readonly hiddenSize: number } {
  const [size, hiddenSize] = matrix(source, `${prefix}adapter.0.down_project.weight`);
  const layers = count(source, (k) => `${prefix}adapter.${k}.down_project.weight`);
  const first = `${prefix}adapter.0.encoder.layer`;
  const transformerLayers = count(source, (i) => `${first}.${i}.attention.self.query.weight`);
  const intermediateSize = rows(source, `${first}.0.intermediate.dense.weight`);
  if (options.layers.length !== layers) {
    throw userError({
      where: setting("layers"),
      what: `${counted(options.layers.length, "number")} (${options.layers.join(",")}) for the ${counted(layers, "adapter layer")} of ${source.path}`,
      expected: `${counted(layers, "number")}: the hidden states that it was trained on`,
    });
  }
  if (size % options.heads !== 0) {
    throw userError({
      where: setting("adapterHeads"),
      what: `${options.heads} heads do not divide the adapter's size ${size}`,
      expected: "the number of heads that it was trained with",
    });
  }
  const architecture = {
    layers: [...options.layers],
    size,
    transformerLayers,
    heads: options.heads,
    intermediateSize,
    input: "sum",
    maskPadding: options.maskPadding,
    skip: options.skip,
    layerNormEps: 1e-5,
    dropout: 0.1,
    init: "official",
  };
  return { architecture: parseWith(kAdapterConfigSchema, architecture, `${source.path}: the adapter`), hiddenSize };
}

/** The shape of a weight; an error where the file does not have it. */
export function matrix(source: WeightSource, key: string): readonly [number, number] {
  const shape = source.info(key)?.shape;
  const [first, second] = shape ?? [];
  if (shape?.length === 2 && first && second) return [first, second];
  throw userError({
    where: source.path,
    what: shape ? `the tensor ${key} is [${shape.join(", ")}], no matrix` : `there is no tensor ${key}`,
    expected: "pytorch_model.bin that the released code wrote",
  });
}

const rows = (source: WeightSource, key: string): number => matrix(source, key)[0];

/** How many names there are, counted from 0. */
function count(source: WeightSource, name: (index: number) => string): number {
  let found = 0;
  while (source.info(name(found))) found++;
  return found;
}

/** Names and shapes of an adapter's parameters. */
export function adapterShapes(architecture: KAdapterConfig, hiddenSize: number): Shapes {
  return shapesOf(new KAdapter(ParamScope.root(), architecture, hiddenSize).parameters);
}

/** The heads of `fac-adapter.py` and `lin-adapter.py`. */
function headShapes(task: OfficialTask, hiddenSize: number, classes: number): Shapes {
  const shapes = new Map<string, readonly number[]>();
  const linear = (name: string, outputs: number, inputs: number) => {
    shapes.set(`${name}.weight`, [outputs, inputs]);
    shapes.set(`${name}.bias`, [outputs]);
  };
  linear("com_dense", hiddenSize, 2 * hiddenSize);
  linear("dense", hiddenSize, task === "relation-classification" ? 2 * hiddenSize : hiddenSize);
  linear("out_proj", classes, hiddenSize);
  if (task === "relation-classification") return shapes;
  for (const part of ["self.query", "self.key", "self.value", "output.dense"]) {
    linear(`self_attention.${part}`, hiddenSize, hiddenSize);
  }
  for (const part of ["weight", "bias"]) shapes.set(`self_attention.output.LayerNorm.${part}`, [hiddenSize]);
  return shapes;
}
