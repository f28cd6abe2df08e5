/**
 * Small models of every kind that is served, with drawn weights, beside one backbone.
 * @module
 */
import { join } from "node:path";
import { resolveAdapterConfig } from "../adapters/config.js";
import { writeDownstreamFolder } from "../adapters/downstream-folder.js";
import { type Parameters, writeAdapterFolder } from "../adapters/folder.js";
import { noFusion } from "../adapters/fusion.js";
import { type BackboneHandle, backboneIdentity } from "../features/backbone-handle.js";
import { downstreamDesign, pretrainingDesign } from "../models/design.js";
import { initialValue } from "../nn/index.js";
import { multipleChoice } from "../tasks/choice/multiple-choice.js";
import { openQa } from "../tasks/qa/open-qa.js";
import { downstreamRelations } from "../tasks/relations/downstream-relations.js";
import { relationClassification } from "../tasks/relations/relation-classification.js";
import { relationContrast } from "../tasks/relations/relation-contrast.js";
import type { EncodedText, JsonObject, TaskKind } from "../tasks/task.js";
import { headPrediction } from "../tasks/trees/head-prediction.js";
import { entityTyping } from "../tasks/typing/entity-typing.js";
import { makeTaskModel } from "../training/task-model.js";

interface Recipe {
  readonly kind: TaskKind<never, EncodedText, never>;
  readonly labels: readonly string[] | null;
  readonly options?: JsonObject;
  readonly downstream?: boolean;
}

const recipe = (
  kind: unknown,
  labels: readonly string[] | null,
  others: Omit<Recipe, "kind" | "labels"> = {},
): Recipe => ({
  ...{ kind: kind as Recipe["kind"], labels },
  ...others,
});
const relations = ["capital of", "founded by", "lives in"];

/** By the name of what they are asked for. */
export const servedRecipes = {
  relations: recipe(relationClassification, relations),
  pairs: recipe(relationContrast, relations),
  trees: recipe(headPrediction, ["nsubj", "obj", "punct"], { options: { arcSize: 16 } }),
  typing: recipe(entityTyping, ["person", "place", "company"], { options: { alwaysOne: true }, downstream: true }),
  choices: recipe(multipleChoice, null, { options: { choices: 3 }, downstream: true }),
  questions: recipe(openQa, null, { downstream: true }),
  downstream: recipe(downstreamRelations, relations, { downstream: true }),
} as const;

export interface ServedModelOptions {
  readonly seed?: number;
  readonly hiddenStates?: "float16" | "float32";
  readonly fixedWidth?: boolean;
  readonly maskPadding?: boolean;
  /** Whether the adapter has the usual size for its backbone, instead of a small one. */
  readonly usualSize?: boolean;
}

/** Writes a model of a kind; its weights follow from the seed. */
export async function writeServedModel(
  parent: string,
  name: string,
  { kind, labels, options = {}, downstream = false }: Recipe,
  backbone: BackboneHandle,
  {
    seed = 1,
    hiddenStates = "float32",
    fixedWidth = false,
    maskPadding = true,
    usualSize = false,
  }: ServedModelOptions = {},
): Promise<string> {
  const folder = join(parent, name);
  const { layers } = backbone.config;
  const small = { size: 8, heads: 2, transformerLayers: 1, layers: [0, layers], init: 0.3 };
  const shape = { ...(usualSize ? {} : small), maskPadding };
  const architecture = resolveAdapterConfig(backbone.config, "official", shape);
  const maxLength = 48;
  const design = downstream
    ? downstreamDesign({
        adapters: [{ name: "facts", config: architecture }],
        ...{ fusion: noFusion, headInit: "official", trains: "none", frozenDropout: false },
      })
    : pretrainingDesign({ features: "adapter", adapter: architecture });
  // Wide ones would say what float32's last bits decide.
  const spread = usualSize ? 0.02 : 0.2;
  const how = { backbone, design, maxLength, headInit: 1.5 * spread, dropout: 0, featureDtype: hiddenStates } as const;
  const { model } = makeTaskModel(kind, { labels, options }, how);
  const drawn = (parameters: typeof model.parameters): Parameters =>
    new Map(
      parameters.map((one, i) => {
        const start = initialValue(one, seed);
        return [one.name, { shape: one.shape, data: start.map((x, j) => x + spread * Math.sin(seed + i + 7 * j)) }];
      }),
    );
  const common = {
    ...{ hiddenStates, backbonePrecision: "float32", backbone: backboneIdentity(backbone), recipe: {}, metrics: {} },
    task: { name: kind.name, labels: labels === null ? null : [...labels], maxLength, fixedWidth, options },
  } as const;
  if (downstream) {
    const adapters = [{ name: "facts", architecture, folder: "facts", hash: "0".repeat(64) }];
    const manifest = {
      format: "kadapter-downstream/1",
      trains: "none",
      fusion: noFusion,
      adapters,
      ...common,
    } as const;
    await writeDownstreamFolder(folder, manifest as never, drawn(model.parameters));
  } else {
    const manifest = { format: "kadapter/1", features: "adapter", architecture, ...common } as const;
    const [adapter, head] = [drawn(model.adapterParameters), drawn(model.taskParameters)];
    await writeAdapterFolder(folder, { manifest: manifest as never, adapter, head });
  }
  return folder;
}

/** Questions of each kind, of different lengths. */
export const servedQuestions: Readonly<Record<keyof typeof servedRecipes, readonly object[]>> = {
  relations: relationQuestions(),
  pairs: relationQuestions(),
  downstream: relationQuestions(),
  trees: [{ text: "The cat sat on the old mat." }, { words: ["She", "left", "."] }, { text: "Rain fell." }],
  typing: [
    { text: "Edith Reyes lives in Winter.", mention: "Edith Reyes" },
    { text: "Nobody knew the company that the town of Calderby had built.", mention: { start: 16, end: 23 } },
  ],
  choices: [
    {
      context: "It rained.",
      question: "What was wet?",
      answers: ["the road", "nothing at all in the whole town", "fire"],
    },
    { context: "The sun shone.", question: "Was it dark?", answers: ["yes", "no", "maybe"] },
  ],
  questions: [
    {
      question: "Who founded the mill?",
      paragraphs: ["The mill was founded by Ada.", "It burnt down in a cold winter, when nobody was there to see it."],
    },
    { question: "Where?", paragraphs: ["In Calderby."] },
  ],
};

function relationQuestions(): readonly object[] {
  return [
    { text: "Winter is the capital of Ormelle.", subject: "Winter", object: "Ormelle" },
    { text: "Ravel Yarn was founded by a young engineer, Edith Reyes.", subject: "Ravel Yarn", object: "Edith Reyes" },
    { text: "Tilda lives in Calderby.", subject: { start: 0, end: 5 }, object: "Calderby" },
  ];
}
