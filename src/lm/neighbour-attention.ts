import type { BackboneConfig } from "../backbones/index.js";
import type { Tensors } from "../engine/executor.js";
import type { Parameter } from "../graph/index.js";
import { initialValue } from "../nn/index.js";
import { float32Tensor } from "../tensor.js";

/** Names in BERT's kin. */
const names = {
  positions: "embeddings.position_embeddings.weight",
  query: "encoder.layer.0.attention.self.query.weight",
  key: "encoder.layer.0.attention.self.key.weight",
};

/** Score of the position that is looked at; e^8 outweighs a hundred others. */
const peak = 8;

/**
 * First values with which each head of an encoder's first layer looks at one neighbour: those at distance −1, 1, −2, 2 …
 * Masked language models learn this by themselves, after a long time in which they know no more than frequencies. A small
 * training that begins with what trained attention looks like is the idea of mimetic initialisation (Trockman & Kolter
 * 2023, arXiv 2305.09828).
 *
 * Positions are waves of n = d/2 frequencies ω = π(f + ½)/n in the first d dimensions (d: a head's size), of the same
 * energy as the words. Queries turn them by ω·distance, keys take them as they are: their product Σ cos ω(i + distance − j)
 * is n at j = i + distance and 0 at all other positions that are less than 2n away.
 *
 * @returns nothing for models of other kinds
 */
export function neighbourAttention(config: BackboneConfig, parameters: readonly Parameter[], seed: number): Tensors {
  const find = (name: string) => parameters.find((parameter) => parameter.name === name);
  const [positions, query, key] = [find(names.positions), find(names.query), find(names.key)];
  if (!positions || !query || !key) return {};
  const { hiddenSize, heads, initializerRange } = config;
  const waves = Math.floor(hiddenSize / heads / 2);
  const frequency = (f: number) => (Math.PI * (f + 0.5)) / waves;
  // Words: H·σ². Waves: n·a².
  const amplitude = initializerRange * Math.sqrt(hiddenSize / waves);
  const table = initialValue(positions, seed);
  for (let position = 0; position < (positions.shape[0] as number); position++) {
    for (let f = 0; f < waves; f++) {
      const angle = frequency(f) * position;
      table.set([amplitude * Math.cos(angle), amplitude * Math.sin(angle)], position * hiddenSize + 2 * f);
    }
  }
  // LayerNorm makes word and position have the energy H together, so a wave has H/2n.
  const gain = Math.sqrt((peak * Math.sqrt(hiddenSize / heads)) / (hiddenSize / 2));
  const turned = (parameter: Parameter, distanceOf: (head: number) => number) => {
    const weight = initialValue(parameter, seed);
    for (let head = 0; head < heads; head++) {
      for (let f = 0; f < waves; f++) {
        const angle = frequency(f) * distanceOf(head);
        const row = (head * (hiddenSize / heads) + 2 * f) * hiddenSize + 2 * f;
        const [cos, sin] = [gain * Math.cos(angle), gain * Math.sin(angle)];
        addTo(weight, row, [cos, -sin]);
        addTo(weight, row + hiddenSize, [sin, cos]);
      }
    }
    return float32Tensor(parameter.shape, weight);
  };
  return {
    [names.positions]: float32Tensor(positions.shape, table),
    [names.query]: turned(query, (head) => (head % 2 === 0 ? -1 : 1) * (1 + Math.floor(head / 2))),
    [names.key]: turned(key, () => 0),
  };
}

function addTo(data: Float32Array, at: number, values: readonly number[]): void {
  values.forEach((value, i) => {
    data[at + i] = (data[at + i] as number) + value;
  });
}
