/**
 * Knowledge of your own: is the first word a kind of the second? A task is how an example is encoded, a head with its
 * loss, and a score; training, cache, checkpoints and the adapter's folder are the project's.
 * After `npm run build`: `node examples/hypernyms.js BACKBONE OUT` (BACKBONE: a model's folder or Hugging Face id)
 */
import { openBackbone, openEngine } from "kadapter";
import { concat, reshape } from "kadapter/graph";
import { constant, drop, Linear, normal } from "kadapter/nn";
import { argmax, crossEntropy } from "kadapter/tasks";
import { loadModel, predictAll, pretrain, trainingConfig } from "kadapter/training";

const kinds = {
  animal: ["dog", "cat", "horse", "cow", "sheep", "goat", "wolf", "bear", "lion", "mouse"],
  fruit: ["apple", "pear", "plum", "cherry", "grape", "lemon", "peach", "melon", "banana", "fig"],
  colour: ["red", "blue", "green", "yellow", "brown", "black", "white", "purple", "grey", "pink"],
  vehicle: ["car", "bus", "train", "ship", "boat", "plane", "truck", "van", "tram", "bicycle"],
};
const names = Object.keys(kinds);
// Each word with its own kind and with another one. The last three words of each kind are for evaluation.
const pairs = (from, to) =>
  names.flatMap((kind, k) =>
    kinds[kind].slice(from, to).flatMap((word, i) => [
      { word, kind, label: 1 },
      { word, kind: names[(k + 1 + (i % (names.length - 1))) % names.length], label: 0 },
    ]),
  );

/** Vectors of the two words' first sub-words, side by side, through two layers. */
class PairHead {
  constructor(scope, { featureSize, hiddenSize }, { dropout }) {
    const init = { weight: normal(0.05), bias: constant(0) };
    this.dense = new Linear(scope.at("dense"), 2 * featureSize, hiddenSize, init);
    this.out = new Linear(scope.at("out"), hiddenSize, 2, init);
    this.parameters = [this.dense, this.out].flatMap(({ weight, bias }) => [weight, bias]);
    this.pairSize = 2 * featureSize;
    this.dropout = dropout;
  }

  /** The adapter computes these two positions only. */
  select(g) {
    return g.input("select", "float32", ["batch", 2, "sequence"]);
  }

  forward(pass, features) {
    const both = reshape(pass.g, concat(pass.g, features, -1), 0, this.pairSize);
    const logits = this.out.forward(pass, drop(pass, this.dense.forward(pass, both), this.dropout));
    return { logits, loss: crossEntropy(pass.g, logits, pass.g.input("labels", "int32", ["batch"])) };
  }
}

const hypernyms = {
  name: "hypernyms",
  make: (_settings, context) => ({
    encode: ({ word, kind, label }, tokenizer) => {
      const [first, second] = [tokenizer.encode(word).ids, tokenizer.encode(` ${kind}`).ids];
      const inputIds = tokenizer.withSpecials([...first, ...second]);
      if (inputIds.length > context.maxLength) return { skipped: "too-long" };
      return { inputIds, positions: [1, 1 + first.length], label };
    },
    makeHead: (scope, sizes) => new PairHead(scope, sizes, context),
    feeds: (batch, width) => {
      const select = new Float32Array(batch.length * 2 * width);
      batch.forEach(({ positions }, i) => {
        positions.forEach((position, p) => {
          select[(2 * i + p) * width + position] = 1;
        });
      });
      const labels = Int32Array.from(batch, ({ label }) => label);
      return {
        select: { dtype: "float32", shape: [batch.length, 2, width], data: select },
        labels: { dtype: "int32", shape: [batch.length], data: labels },
      };
    },
    score: (predictions) => {
      const right = [...predictions].map(({ encoded, logits }) => (argmax(logits) === encoded.label ? 1 : 0));
      return { accuracy: right.reduce((sum, one) => sum + one, 0) / right.length };
    },
    evaluation: ({ accuracy }) => ({ metrics: { accuracy }, metric: accuracy }),
  }),
};

const [folder, out] = process.argv.slice(2);
const engine = await openEngine();
const set = (from, to) => ({ where: "built-in", examples: pairs(from, to), skipped: {} });
const lesson = { kind: hypernyms, settings: { labels: null, options: {} }, train: set(0, 7), dev: set(7, 10) };
const plan = trainingConfig(await openBackbone(folder), out, { settings: { epochs: 10, batchSize: 8 } });
const { scores } = await pretrain(engine, plan, lesson, (event) => {
  if (event.kind === "eval") console.log(`epoch ${event.epoch + 1}: accuracy ${event.metrics.accuracy.toFixed(3)}`);
});
console.log(`best: ${scores.accuracy.toFixed(3)}; the adapter is in ${out}`);

// The folder is loaded as the command line loads its own; the task is named by whoever loads it.
const { task, session, backbone } = await loadModel(engine, out, hypernyms);
const asked = { word: "dog", kind: "animal", label: -1 };
const [answer] = await predictAll(session, [task.encode(asked, backbone.tokenizer)], 1);
console.log(`dog is a kind of animal: ${argmax(answer) === 1 ? "yes" : "no"}`);
await engine.close();
