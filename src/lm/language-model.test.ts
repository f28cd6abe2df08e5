import { describe, expect, it } from "vitest";
import { backboneDefinition } from "../backbones/index.js";
import { backward, GraphBuilder, type Parameter, toOnnx, type Value } from "../graph/index.js";
import { localExecutor } from "../runtime/local.js";
import { float32Tensor, floatsOf, int32Tensor } from "../tensor.js";
import { randomTensor } from "../testing/random.js";
import { feedsFor, smallConfig } from "../testing/small-backbones.js";
import { LanguageModel } from "./language-model.js";

/** Tokens 1 and 4 of the first sentence, 0 and 2 of the second, which is padded; a word that is not counted. */
const width = 6;
const picked = [1, 4, width, width + 2, width + 3];
const labels = [7, 12, 29, 7, -100];

/** The loss of a small model as a function of its parameters, with all gradients. */
async function lossOf(kind: string) {
  const config = smallConfig(kind);
  const definition = backboneDefinition(config, "config.json");
  const model = new LanguageModel(definition.build(definition.parseConfig(config, "config.json")));
  const g = new GraphBuilder();
  const { loss } = model.forward({ g, dropout: null, fused: false });
  const grads = backward(g, loss, model.parameters);
  const outputs = Object.fromEntries(model.parameters.map((one) => [`grad.${one.name}`, grads.get(one) as Value]));
  const executor = await localExecutor({ device: "cpu", threads: 2 });
  const built = g.build({ loss, ...outputs });
  const graph = await executor.load({ model: toOnnx(built) });
  const wanted = new Set([...built.inputs.map(({ name }) => name), ...model.parameters.map(({ name }) => name)]);
  const all = {
    ...feedsFor(definition, width),
    picked: int32Tensor([picked.length], Int32Array.from(picked)),
    labels: int32Tensor([labels.length], Int32Array.from(labels)),
  };
  const feeds = Object.fromEntries(Object.entries(all).filter(([name]) => wanted.has(name)));
  const start = await graph.run(feeds, Object.keys(outputs));
  return {
    parameters: model.parameters,
    gradient: ({ name }: Parameter) => floatsOf(start, `grad.${name}`),
    /** The loss with one parameter moved along a direction. */
    moved: async ({ name, shape }: Parameter, direction: Float32Array, step: number) => {
      const data = floatsOf(feeds, name).map((value, i) => value + step * (direction[i] as number));
      return floatsOf(await graph.run({ ...feeds, [name]: float32Tensor(shape, data) }, ["loss"]), "loss")[0] as number;
    },
    close: () => executor.close(),
  };
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
const unit = (x: Float32Array) => x.map((value) => value / Math.sqrt(dot(x, x)));

describe.each(["roberta", "bert", "gpt2"])("a whole language model, %s", (kind) => {
  it("has the gradients that differences of its loss tell, for every parameter", async () => {
    const model = await lossOf(kind);
    expect(model.parameters.length).toBeGreaterThan(25);
    for (const [i, parameter] of model.parameters.entries()) {
      const gradient = model.gradient(parameter);
      // Along the gradient itself the derivative is its length; a random direction sees what stands across it.
      const directions = [randomTensor(i + 1, parameter.shape).data, gradient].filter((one) => dot(one, one) > 0);
      for (const direction of directions.map(unit)) {
        const step = 5e-3;
        const slope =
          (await model.moved(parameter, direction, step)) - (await model.moved(parameter, direction, -step));
        const expected = dot(gradient, direction);
        const error = Math.abs(slope / (2 * step) - expected);
        expect(error, `${parameter.name}: ${expected}`).toBeLessThanOrEqual(1e-3 + 0.02 * Math.abs(expected));
      }
    }
    // The word embedding learns from both its places: as input of the model and as the head's output matrix.
    const words = model.parameters.find(({ name }) => /word_embeddings|wte/.test(name)) as Parameter;
    const rows = model.gradient(words);
    const size = words.shape[1] as number;
    const length = (row: number) =>
      Math.sqrt(dot(rows.subarray(row * size, (row + 1) * size), rows.subarray(row * size, (row + 1) * size)));
    expect(length(29)).toBeGreaterThan(0);
    await model.close();
  });
});
