import { propertyTable } from "../adapters/model-card.js";
import type { JsonObject } from "../tasks/task.js";
import type { MaskedLmScores } from "./masked-lm.js";

/** Scores of a model and of what it has to beat, on the same words. */
export interface ComparedScores {
  readonly model: MaskedLmScores;
  readonly bigram: MaskedLmScores;
  readonly unigram: MaskedLmScores;
}

export interface LanguageModelFacts {
  readonly name: string;
  readonly modelType: string;
  readonly causal: boolean;
  readonly licence: string | null;
  readonly parameters: number;
  readonly vocabSize: number;
  readonly maxLength: number;
  readonly layers: number;
  readonly hiddenSize: number;
  /** The model that training went on from; null for a new one. */
  readonly base: string | null;
  readonly steps: number;
  readonly tokens: number;
  /** Names of the files that were read. */
  readonly train: readonly string[];
  readonly test: readonly string[];
  readonly dev: ComparedScores;
  readonly tested: ComparedScores | null;
  readonly recipe: JsonObject;
}

const number = (value: number) => value.toLocaleString("en");
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function scores({ model, bigram, unigram }: ComparedScores): string {
  const row = (name: string, { perplexity, accuracy }: MaskedLmScores) =>
    `| ${name} | ${perplexity.toFixed(1)} | ${percent(accuracy)} |`;
  const rows = [row("this model", model), row("bigram", bigram), row("unigram", unigram)];
  return ["| | perplexity | accuracy |", "| --- | --- | --- |", ...rows].join("\n");
}

/** The README of a trained language model's folder. */
export function languageModelCard(facts: LanguageModelFacts): string {
  const { dev, tested, causal, licence } = facts;
  const what = causal ? "the next token" : "the 15 % of tokens that are hidden (80 % masked, 10 % replaced, 10 % left)";
  return `---
library_name: transformers
${licence === null ? "" : `license: ${licence.toLowerCase()}\n`}pipeline_tag: ${causal ? "text-generation" : "fill-mask"}
tags: [${facts.modelType}, kadapter]
---

# ${facts.name}

A language model (${facts.modelType}, ${facts.layers} layers × ${facts.hiddenSize}, ${number(facts.parameters)} parameters, ${number(facts.vocabSize)} tokens, texts of up to ${facts.maxLength} tokens), ${facts.base === null ? "trained from scratch" : `trained on from ${facts.base}`} by kadapter's own engine, without PyTorch.

## Quality

Perplexity and accuracy at ${what}, each a token of this model's vocabulary. The baselines were counted on the training text and asked about the same tokens: their frequency, and their frequency behind the left neighbour, which they are shown even where the model does not see it (Witten-Bell interpolation).

${tested === null ? "" : `Test text, ${number(tested.model.words)} tokens:\n\n${scores(tested)}\n\n`}Held out of the training text, ${number(dev.model.words)} tokens (they decided which parameters are the best):

${scores(dev)}

## Training

${number(facts.steps)} steps, ${number(facts.tokens)} tokens read. Text: ${facts.train.join(", ")}.${facts.test.length > 0 ? ` Never read: ${facts.test.join(", ")}.` : ""}

Licence: ${licence ?? "that of the training text; none was stated"}.

## Use

\`\`\`sh
npx kadapter ${causal ? "inspect ." : `fill "The capital of France is [MASK]." --backbone .`}
\`\`\`

\`\`\`python
from transformers import AutoTokenizer, ${causal ? "AutoModelForCausalLM" : "AutoModelForMaskedLM"}
model = ${causal ? "AutoModelForCausalLM" : "AutoModelForMaskedLM"}.from_pretrained("FOLDER")
\`\`\`

## Settings

${propertyTable(facts.recipe)}
`;
}
