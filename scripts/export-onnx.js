/**
 * Writes one graph of each kind that this project builds as an .onnx file, small ones with no weights in them:
 * `node scripts/export-onnx.js FOLDER`, after `npm run build`. scripts/check_onnx.py lets ONNX's own checker read them.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveAdapterConfig } from "../dist/adapters/index.js";
import { backboneDefinitions, backboneInputs } from "../dist/backbones/index.js";
import { backward, GraphBuilder, reduceSum, toOnnx } from "../dist/graph/index.js";
import { AdaptedModel } from "../dist/models/adapted-model.js";
import { pretrainingDesign } from "../dist/models/design.js";
import { Dropout } from "../dist/nn/index.js";
import { releasedRelationHead } from "../dist/tasks/relations/relation-head.js";
import { adamWDefaults } from "../dist/training/adamw.js";
import { fusedStep, splitStep } from "../dist/training/step.js";

const sizes = { hiddenSize: 32, layers: 4 };

/** Each kind reads its own names. @param {string} kind a `model_type` */
function makeBackbone(kind) {
  const definition = backboneDefinitions.get(kind);
  const json = {
    model_type: kind,
    vocab_size: 100,
    hidden_size: sizes.hiddenSize,
    num_hidden_layers: sizes.layers,
    num_attention_heads: 2,
    intermediate_size: 64,
    max_position_embeddings: 40,
    n_embd: sizes.hiddenSize,
    d_model: sizes.hiddenSize,
    n_layer: sizes.layers,
    n_head: 2,
    d_inner: 64,
    dim: sizes.hiddenSize,
    n_layers: sizes.layers,
    n_heads: 2,
    hidden_dim: 64,
    n_positions: 40,
  };
  return definition.build(definition.parseConfig(json, "config.json"));
}

/** The frozen backbone with ONNX Runtime's fused kernels: its hidden states. */
function inference(backbone) {
  const g = new GraphBuilder();
  const { hiddenStates } = backbone.forward({ g, dropout: null, fused: true }, backboneInputs(g));
  return g.build(Object.fromEntries(hiddenStates.map((value, i) => [`hidden_states.${i}`, value])));
}

/** Forward and backward through the backbone and its masked-LM head, dropout on. */
function gradients(backbone) {
  const g = new GraphBuilder();
  const pass = { g, dropout: new Dropout(g), fused: false };
  const { last } = backbone.forward(pass, backboneInputs(g));
  const loss = reduceSum(g, backbone.lmLogits(pass, last));
  const parameters = [...backbone.parameters, ...backbone.headParameters];
  const outputs = [...backward(g, loss, parameters)].map(([{ name }, gradient]) => [`grad.${name}`, gradient]);
  return g.build({ loss, ...Object.fromEntries(outputs) });
}

/** @param {"official" | "paper"} preset */
function relationModel(preset) {
  return new AdaptedModel({
    ...pretrainingDesign({ features: "adapter", adapter: resolveAdapterConfig(sizes, preset) }),
    hiddenSize: sizes.hiddenSize,
    backboneLayers: sizes.layers,
    makeHead: (scope, sizes) => releasedRelationHead(scope, sizes, 5, { dropout: 0.1, init: "official" }),
  });
}

function prediction(model) {
  const g = new GraphBuilder();
  return g.build({ logits: model.forward({ g, dropout: null, fused: true }).logits });
}

function* graphs() {
  for (const kind of backboneDefinitions.keys()) {
    yield [`${kind}-inference`, inference(makeBackbone(kind))];
    yield [`${kind}-gradients`, gradients(makeBackbone(kind))];
  }
  for (const preset of ["official", "paper"]) {
    const model = relationModel(preset);
    const options = {
      loss: (pass) => model.forward(pass).loss,
      trainable: model.parameters,
      optimizer: { ...adamWDefaults, weightDecay: 0.01, maxGradNorm: 1 },
      dropout: true,
    };
    const { accumulate, update } = splitStep(options);
    yield [`${preset}-step`, fusedStep(options).graph];
    yield [`${preset}-accumulate`, accumulate.graph];
    yield [`${preset}-update`, update.graph];
    yield [`${preset}-prediction`, prediction(model)];
  }
}

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error("error: no folder was given; expected node scripts/export-onnx.js FOLDER");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
for (const [name, graph] of graphs()) writeFileSync(join(folder, `${name}.onnx`), toOnnx(graph));
