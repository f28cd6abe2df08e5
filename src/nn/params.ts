import type { Init, Parameter } from "../graph/index.js";
import { RandomStream } from "../random.js";
import { elementCount } from "../tensor.js";

/**
 * Makes parameters under names that equal the weight file's keys by construction:
 * `scope.at("encoder", "layer", 0).param("weight", …)` is `encoder.layer.0.weight`.
 */
export class ParamScope {
  private constructor(
    private readonly prefix: string,
    private readonly registry: Map<string, Parameter>,
  ) {}

  /** A scope with no names in it. */
  static root(): ParamScope {
    return new ParamScope("", new Map());
  }

  at(...path: readonly (string | number)[]): ParamScope {
    return new ParamScope(`${this.prefix}${path.join(".")}.`, this.registry);
  }

  param(leaf: string, shape: readonly number[], init: Init): Parameter {
    const name = `${this.prefix}${leaf}`;
    if (this.registry.has(name)) throw new Error(`two parameters are called ${name}`);
    const parameter: Parameter = { name, shape, dtype: "float32", init };
    this.registry.set(name, parameter);
    return parameter;
  }

  /** All parameters made from the same root, in the order of their making. */
  get all(): readonly Parameter[] {
    return [...this.registry.values()];
  }
}

export const normal = (std: number): Init => ({ kind: "normal", std });
export const uniform = (bound: number): Init => ({ kind: "uniform", bound });
export const constant = (value: number): Init => ({ kind: "constant", value });
export const identity: Init = { kind: "identity" };

/** Fresh elements of a parameter; they follow from the seed and the parameter's name alone. */
export function initialValue(parameter: Parameter, seed: number): Float32Array {
  const data = new Float32Array(elementCount(parameter.shape));
  const { init } = parameter;
  if (init.kind === "constant") return data.fill(init.value);
  if (init.kind === "identity") {
    const columns = parameter.shape.at(-1) as number;
    for (let i = 0; i < data.length; i += columns + 1) data[i] = 1;
    return data;
  }
  const random = new RandomStream(seed, "init", parameter.name);
  if (init.kind === "normal") for (let i = 0; i < data.length; i++) data[i] = init.std * random.normal();
  else for (let i = 0; i < data.length; i++) data[i] = init.bound * (2 * random.uniform() - 1);
  return data;
}
