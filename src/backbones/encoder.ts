/**
 * The encoder that BERT, RoBERTa, DistilBERT and ELECTRA share: embeddings, then post-norm transformer layers.
 * @module
 */
import { add, matmul, type Parameter, type Value } from "../graph/index.js";
import {
  type Activation,
  activate,
  atPositions,
  attentionMask,
  constant,
  drop,
  Embedding,
  LayerNorm,
  Linear,
  normal,
  ParamScope,
  type Pass,
  TransformerLayer,
} from "../nn/index.js";
import {
  type Backbone,
  type BackboneConfig,
  type BackboneForwardOptions,
  type BackboneInputs,
  type BackboneOutput,
  runLayers,
} from "./backbone.js";

/** In what they differ. */
export interface EncoderVariant {
  /** Rows of the embeddings that get no gradient from being looked up. */
  readonly wordPaddingIndex: number | null;
  readonly positionPaddingIndex: number | null;
  /** Width of the embeddings where it may differ from the hidden size (ELECTRA). */
  readonly embeddingSize?: number;
  /** Of the head, where it is not the model's. */
  readonly headActivation?: Activation;
  /** Names of the masked-LM head's parts; the decoder is its output matrix, with the bias where that is not tied. */
  readonly head: {
    readonly dense: readonly string[];
    readonly norm: readonly string[];
    readonly bias: readonly string[];
    readonly decoder: readonly string[];
  };
}

/**
 * An encoder with learnt absolute positions and a masked-LM head.
 *
 * @see https://github.com/huggingface/transformers/blob/87b236ba2be8b3e48a7d0c8ca6513302736d2886/src/transformers/models/bert/modeling_bert.py `BertModel`, `BertLMPredictionHead`
 */
export class Encoder implements Backbone {
  readonly parameters: readonly Parameter[];
  readonly headParameters: readonly Parameter[];
  private readonly word: Embedding;
  private readonly position: Embedding;
  private readonly tokenType: Embedding | null;
  private readonly norm: LayerNorm;
  private readonly project: Linear | null;
  private readonly layers: readonly TransformerLayer[];
  private readonly headDense: Linear;
  private readonly headNorm: LayerNorm;
  private readonly headBias: Parameter;
  /** The output matrix, where it is not the word embedding. */
  private readonly headDecoder: Parameter | null;

  constructor(
    readonly config: BackboneConfig,
    private readonly variant: EncoderVariant,
  ) {
    const { hiddenSize, layerNormEps, vocabSize, typeVocabSize } = config;
    const { embeddingSize = hiddenSize } = variant;
    const scope = ParamScope.root();
    const init = { weight: normal(config.initializerRange), bias: constant(0) };
    const embeddings = scope.at("embeddings");
    const table = (name: string, rows: number, padding: number | null) =>
      new Embedding(embeddings.at(name), rows, embeddingSize, init.weight, padding);
    this.word = table("word_embeddings", vocabSize, variant.wordPaddingIndex);
    this.position = table("position_embeddings", config.maxPositions, variant.positionPaddingIndex);
    this.tokenType = typeVocabSize > 0 ? table("token_type_embeddings", typeVocabSize, null) : null;
    this.norm = new LayerNorm(embeddings.at("LayerNorm"), embeddingSize, layerNormEps);
    this.project =
      embeddingSize === hiddenSize ? null : new Linear(scope.at("embeddings_project"), embeddingSize, hiddenSize, init);
    this.layers = Array.from(
      { length: config.layers },
      (_, i) => new TransformerLayer(scope.at("encoder", "layer", i), config, init),
    );
    this.parameters = scope.all;
    const { head } = variant;
    this.headDense = new Linear(scope.at(...head.dense), hiddenSize, embeddingSize, init);
    this.headNorm = new LayerNorm(scope.at(...head.norm), embeddingSize, layerNormEps);
    const decoder = scope.at(...head.decoder);
    this.headDecoder = config.tiedWords ? null : decoder.param("weight", [vocabSize, embeddingSize], init.weight);
    this.headBias = config.tiedWords
      ? scope.at(...head.bias.slice(0, -1)).param(head.bias.at(-1) as string, [vocabSize], constant(0))
      : decoder.param("bias", [vocabSize], constant(0));
    this.headParameters = scope.all.slice(this.parameters.length);
  }

  forward(pass: Pass, inputs: BackboneInputs, options: BackboneForwardOptions = {}): BackboneOutput {
    const { g } = pass;
    const embedded = g.scoped("embeddings", () => {
      const words = this.word.forward(pass, inputs.inputIds);
      const positions = this.position.forward(pass, inputs.positionIds);
      // A single type needs no look-up, whose gradient would add up all positions one by one.
      const types =
        this.config.typeVocabSize === 1 && this.tokenType
          ? g.use(this.tokenType.weight)
          : this.tokenType?.forward(pass, inputs.tokenTypeIds);
      const sum = add(g, types ? add(g, words, types) : words, positions);
      const normed = drop(pass, this.norm.forward(pass, sum), this.config.hiddenDropout);
      return this.project?.forward(pass, normed) ?? normed;
    });
    const mask = attentionMask(g, inputs.attentionMask);
    return runLayers(this.layers, embedded, options, (layer, input, picks, i) =>
      g.scoped(`layer.${i}`, () => layer.forward(pass, input, mask, atPositions(g, input, picks))),
    );
  }

  lmLogits(pass: Pass, hidden: Value): Value {
    const { g } = pass;
    return g.scoped("masked_lm", () => {
      const dense = activate(
        pass,
        this.headDense.forward(pass, hidden),
        this.variant.headActivation ?? this.config.activation,
      );
      const normed = this.headNorm.forward(pass, dense);
      const matrix = g.use(this.headDecoder ?? this.word.weight);
      return add(g, matmul(g, normed, matrix, { transB: true }), g.use(this.headBias));
    });
  }
}

/**
 * Names as published: an optional prefix, old TensorFlow names of LayerNorm's weights, and what is not needed: copies, buffers,
 * and heads of other tasks, for which a model was pre-trained or fine-tuned.
 */
export function canonicalEncoderKey(
  key: string,
  prefix: string,
  headPrefix: string,
  withHead: boolean,
  tied = true,
): string | null {
  const name = key.replace(/\bLayerNorm\.gamma$/, "LayerNorm.weight").replace(/\bLayerNorm\.beta$/, "LayerNorm.bias");
  if (name.startsWith(headPrefix)) {
    if (!withHead) return null;
    // Tied: the decoder is the word embedding, its bias the head's, and a file has one of the two or both. Else transformers
    // 5 writes the decoder's own bias and one of the head's that it does not read; transformers 4 writes one of them for
    // both ({@link parameterKeys}).
    if (tied && name === `${headPrefix}decoder.weight`) return null;
    const [own, other] = [`${headPrefix}${tied ? "" : "decoder."}bias`, `${headPrefix}${tied ? "decoder." : ""}bias`];
    return name === other ? own : name;
  }
  const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  if (
    /^(pooler|cls\.seq_relationship|classifier|pre_classifier|qa_outputs)\./.test(bare) ||
    bare === "embeddings.position_ids" ||
    bare === "embeddings.token_type_ids"
  ) {
    return null;
  }
  return bare;
}
