/**
 * The README of an exported folder.
 * @module
 */
import { baseName, cell, propertyTable } from "../adapters/model-card.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import { counted } from "../phrases.js";
import type { ExportPrecision } from "../settings/export.js";
import {
  type Described,
  type DescribedAnswer,
  describeAnswer,
  onnxFiles,
  pipelines,
  tensorsOf,
} from "./description.js";
import { type Answer, type ExportGraph, stateOutput } from "./export-graph.js";
import type { ExportPart, ExportParts, PartKind } from "./parts.js";
import { isGated } from "./wiring.js";

/** What the card tells of. */
export interface CardFacts {
  readonly all: ExportParts;
  readonly exported: ExportGraph;
  readonly precisions: readonly ExportPrecision[];
}

export function exportCard({ all, exported, precisions }: CardFacts): string {
  const { backbone, notes } = all;
  const [main] = exported.answers;
  const base = baseName(backbone.name);
  const { inputs, outputs } = tensorsOf(exported);
  const answers = exported.answers.map((answer) => ({ answer, told: describeAnswer(all, answer) }));
  const pipeline = main ? pipelines[main.kind] : null;
  return `---
library_name: transformers.js
${base === null ? "" : `base_model: ${JSON.stringify(base)}\n`}${pipeline === null ? "" : `pipeline_tag: ${pipeline}\n`}tags: [onnx, kadapter, ${backbone.config.modelType}]
---

# ${answers.map(({ told }) => cell(told.name)).join(", ") || "A backbone"} as ONNX

One graph: ${base === null ? "a language model" : cell(base)} with ${counted(all.parts.length, "model")} of kadapter beside it. The model itself is unchanged and computed once.

## Inputs

${tensorTable(inputs)}

Positions are computed in the graph. ${"`attention_mask`"} is 1 for a token and 0 for padding.

## Outputs

${tensorTable(outputs)}

${answers.map(({ answer, told }) => `### ${cell(told.name)}\n\n${explained(answer, told)}`).join("\n\n")}

## Use

${javaScript(main)}

${python(main, inputs, { file: onnxFiles[precisions[0] as ExportPrecision].file, mask: maskOf(backbone) })}

## Files

${propertyTable(Object.fromEntries(precisions.map((one) => [`onnx/${onnxFiles[one].file}`, one])))}
${precisions.includes("int8") ? "\nWith int8 weights, what is multiplied by them is quantised batch by batch: what is said of a text depends a little on the texts beside it, and on their padding.\n" : ""}${notes.length === 0 ? "" : `\n## Notes\n\n${notes.map((note) => `- ${cell(note)}`).join("\n")}\n`}`;
}

const tensorTable = (tensors: readonly Described[]): string =>
  [
    "| name | type | shape |",
    "| --- | --- | --- |",
    ...tensors.map(({ name, dtype, shape }) => `| \`${name}\` | ${dtype} | [${shape.join(", ")}] |`),
  ].join("\n");

const marks =
  "Subject `@ … @`, object `# … #`, such as `@ Vienna @ is the capital of # Austria # .`; a text that does not have each sign exactly twice gets NaN.";

/** What an answer's outputs hold, by its kind. */
const meanings: Readonly<Record<PartKind, (answer: Answer, told: DescribedAnswer) => string>> = {
  words: ({ parts }) =>
    `Scores of the vocabulary's tokens at each position; those at the mask are asked for.${gateSentence(parts)}`,
  relations: (_, { labels }) =>
    `Scores of ${counted(labels?.length ?? 0, "relation")}; softmax makes them probabilities. ${marks}`,
  pairs: () => `The pair's vector, of length 1: the nearer two are, the likelier the relation is the same. ${marks}`,
  types: (_, { labels }) =>
    `Scores of ${counted(labels?.length ?? 0, "type")}, each for itself: above 0 is likely (sigmoid above one half). The mention stands between \`@\` and \`@\`; a text with another number of them gets NaN.`,
  trees: (_, { labels }) =>
    `Row i scores the heads of word i, column 0 being the root. \`word_positions\` tells where each word's first token stands: 0 first, for the root, then the words', then −1 as padding.${labels === null ? "" : ` \`relations\` has the likeliest relation of each pair: ${labels.slice(0, 50).map(cell).join(", ")}.`}`,
  choices: () =>
    "One score for each text, which is a context, the separator, a question, the separator, an answer; the answer with the highest score is chosen.",
  spans: () =>
    "Scores of each token as start and end of the answer, in a text that is a question, the separator, a paragraph.",
};

function gateSentence(parts: readonly ExportPart[]): string {
  const gated = parts.filter(isGated).map(({ name }) => cell(name));
  if (gated.length === 0) return "";
  return ` ${gated.join(" and ")}: it has a say only where a taught subject stands as a whole word, in the same text or sentence as it was taught to; the graph finds it by its tokens.`;
}

const explained = (answer: Answer, told: DescribedAnswer): string =>
  `${meanings[answer.kind](answer, told)} At most ${counted(told.maxLength, "token")}.`;

const plainText = "Vienna is the capital of Austria.";

const example: Readonly<Partial<Record<string, string>>> = {
  "fill-mask": "The capital of France is [MASK].",
  "text-classification": "@ Vienna @ is the capital of # Austria # .",
};

function javaScript(main: Answer | undefined): string {
  const name = (main && pipelines[main.kind]) ?? "feature-extraction";
  const text = example[name] ?? plainText;
  const asked =
    name === "fill-mask" ? `\`${text.replace("[MASK]", "$" + "{model.tokenizer.mask_token}")}\`` : JSON.stringify(text);
  return `\`\`\`js
import { pipeline } from "@huggingface/transformers";

const model = await pipeline(${JSON.stringify(name)}, "FOLDER");
console.log(await model(${asked}));
\`\`\``;
}

/** How a mask is written for the tokenizer that stands beside the graph. */
function maskOf({ tokenizer }: BackboneHandle): string {
  const { mask } = tokenizer.specials;
  return (mask === undefined ? undefined : tokenizer.idToToken(mask)) ?? "";
}

function python(
  main: Answer | undefined,
  inputs: readonly Described[],
  { file, mask }: { readonly file: string; readonly mask: string },
): string {
  const output = main ? (Object.values(main.outputs)[0] as string) : stateOutput;
  const text = (example[(main && pipelines[main.kind]) ?? ""] ?? plainText).replace("[MASK]", mask);
  const feeds = inputs.map(({ name }) => `"${name}": ${pythonValue(name)}`).join(", ");
  return `\`\`\`python
import numpy, onnxruntime, tokenizers

tokenizer = tokenizers.Tokenizer.from_file("FOLDER/tokenizer.json")
session = onnxruntime.InferenceSession("FOLDER/onnx/${file}")
text = tokenizer.encode(${JSON.stringify(text)})
feeds = {${feeds}}
(found,) = session.run([${JSON.stringify(output)}], {name: numpy.array([ids], dtype=numpy.int64) for name, ids in feeds.items()})
\`\`\``;
}

const pythonValue = (name: string): string =>
  ({ input_ids: "text.ids", attention_mask: "text.attention_mask", token_type_ids: "text.type_ids" })[name] ??
  "[0, 1, 2]";
