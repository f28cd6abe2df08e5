import {
  type AdapterInit,
  type KAdapterConfig,
  type PresetName,
  randomInit,
  resolveAdapterConfig,
} from "../adapters/config.js";
import { KAdapter } from "../adapters/k-adapter.js";
import type { ConfiguredBackbone } from "../backbones/backbone.js";
import type { Tensors } from "../engine/executor.js";
import { setting, userError } from "../errors.js";
import { type BackboneHandle, readBackboneTensors } from "../features/backbone-handle.js";
import type { Parameter } from "../graph/index.js";
import { ParamScope } from "../nn/index.js";
import { float32Tensor, floatsOf } from "../tensor.js";

/** {@link resolveAdapterConfig}, and the {@link chosenInit}. */
export function chosenAdapterConfig(
  kind: ConfiguredBackbone,
  preset: PresetName,
  given: { readonly [K in keyof KAdapterConfig]?: KAdapterConfig[K] | undefined } = {},
): KAdapterConfig {
  const config = resolveAdapterConfig(kind.config, preset, given);
  return { ...config, init: chosenInit(given.init, kind, config) };
}

/** The given start, or copies of the model's own layers where an adapter is shaped like them. */
export function chosenInit(
  given: AdapterInit | undefined,
  kind: ConfiguredBackbone,
  config: KAdapterConfig,
): AdapterInit {
  const odd = oddOneOut(kind, config);
  if (given !== "backbone") return given ?? (odd === null ? "backbone" : randomInit);
  if (odd === null) return given;
  throw userError({
    where: setting("init", "backbone"),
    what: `the adapter's ${odd} has no counterpart of its shape in the model's layers`,
    expected: `an adapter of size ${kind.config.hiddenSize} beside a model with BERT's kind of layers`,
    fix: `leave out ${setting("init")}, or give a standard deviation such as 0.02`,
  });
}

/**
 * First values from the frozen model: an adapter layer that reads h[t] begins with the model's layers t+1 … t+N (its
 * last N where there are fewer), because they are what the model itself does with h[t]. A side network that starts from the
 * model's weights is the idea of Ladder Side-Tuning (Sung et al. 2022, arXiv 2206.06522).
 *
 * Down projects by the identity, divided by the number of states that are summed in its input, so that the copied layers
 * meet states of the size that they know; Up is the identity.
 *
 * @returns no values where the adapter starts in another way
 */
export async function backboneStart(
  backbone: BackboneHandle,
  config: KAdapterConfig,
  parameters: readonly Parameter[],
): Promise<Tensors> {
  if (config.init !== "backbone") return {};
  const sources = new Map(parameters.map(({ name }) => [name, sourceOf(name, config, backbone.config.layers)]));
  const wanted = new Set(sources.values());
  const given = await readBackboneTensors(backbone, (name) => wanted.has(name));
  const start: Record<string, Tensors[string]> = {};
  for (const { name, shape } of parameters) {
    const source = sources.get(name);
    if (source) start[name] = float32Tensor(shape, floatsOf(given, source).slice());
    const scale = projectionScale(name);
    if (scale !== null) start[name] = float32Tensor(shape, identities(shape, scale));
  }
  return start;
}

/** The model's parameter that a transformer layer's parameter of the adapter starts from. */
function sourceOf(name: string, { layers, transformerLayers }: KAdapterConfig, modelLayers: number): string | null {
  const parts = /^adapter\.(\d+)\.encoder\.layer\.(\d+)\.(.+)$/.exec(name);
  if (!parts) return null;
  const [k, i] = [Number(parts[1]), Number(parts[2])];
  const first = Math.min(layers[k] as number, modelLayers - transformerLayers);
  return `encoder.layer.${first + i}.${parts[3]}`;
}

/** Layer k's input is the sum of 2k + 1 states: its tap, those before it, and what the layers before it added. */
function projectionScale(name: string): number | null {
  const parts = /^adapter\.(\d+)\.(down|up)_project\.weight$/.exec(name);
  if (!parts) return null;
  return parts[2] === "up" ? 1 : 1 / (2 * Number(parts[1]) + 1);
}

/** Scaled identity, or several side by side where an input is two states. */
function identities([rows, columns]: readonly number[], scale: number): Float32Array {
  const [height, width] = [rows as number, columns as number];
  const data = new Float32Array(height * width);
  for (let row = 0; row < height; row++) {
    for (let column = row; column < width; column += height) data[row * width + column] = scale;
  }
  return data;
}

/** An adapter's parameter that cannot start from the model, or null where all can. */
function oddOneOut({ definition, config: model }: ConfiguredBackbone, config: KAdapterConfig): string | null {
  const shapes = new Map(definition.build(model).parameters.map(({ name, shape }) => [name, String(shape)]));
  const parameters = new KAdapter(ParamScope.root(), config, model.hiddenSize).parameters;
  const odd = parameters.find(({ name, shape }) => {
    if (projectionScale(name) !== null) return config.size !== model.hiddenSize;
    const source = sourceOf(name, config, model.layers);
    return source !== null && shapes.get(source) !== String(shape);
  });
  return odd?.name ?? null;
}
