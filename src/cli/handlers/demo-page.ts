import { join } from "node:path";
import type { RandomBackbone } from "../../demo/index.js";

/** Shares of test sentences whose relation was named rightly. */
interface Accuracies {
  readonly adapter: number;
  readonly noAdapter: number;
  readonly majority: number;
}

/** What `demo` found out: the object of `--json`. */
export interface DemoReport {
  readonly out: string;
  readonly seed: number;
  readonly backbone: RandomBackbone & {
    readonly trained: false;
    readonly hashBefore: string;
    readonly hashAfter: string;
  };
  readonly data: {
    readonly folder: string;
    readonly relations: number;
    readonly train: number;
    readonly test: number;
  };
  readonly architecture: Readonly<Record<string, unknown>>;
  readonly accuracy: { readonly knownPatterns: Accuracies; readonly newPatterns: Accuracies };
  readonly examples: readonly {
    readonly text: string;
    readonly subject: string;
    readonly object: string;
    readonly relation: string;
    readonly predicted: string;
  }[];
  readonly adapter: string;
  readonly seconds: number;
}

/** The page of results. */
export function demoPage(report: DemoReport, testFile: string): readonly string[] {
  return [
    "",
    ...aboutModel(report),
    "",
    ...aboutAccuracy(report),
    "",
    ...aboutExamples(report),
    "",
    ...aboutBackbone(report),
    "",
    ...nextSteps(report, testFile),
    "",
    `done in ${report.seconds} s`,
  ];
}

function aboutModel({ backbone, seed, data }: DemoReport): readonly string[] {
  const { layers, hiddenSize, parameters } = backbone;
  return [
    "WHAT THIS WAS",
    `The language model is a RANDOM, UNTRAINED RoBERTa (${layers} layers × ${hiddenSize}, ${parameters.toLocaleString("en")} parameters, seed ${seed}):`,
    "it has never read a text and stands in for a real one, so that nothing had to be downloaded.",
    `Beside it, frozen, a factual adapter was trained on ${data.train} sentences to name which of ${data.relations} relations`,
    "holds between two marked names. No subject of a test sentence was the subject of one in the training.",
  ];
}

function aboutAccuracy({ accuracy: { knownPatterns, newPatterns } }: DemoReport): readonly string[] {
  const row = (name: string, key: keyof Accuracies) =>
    `  ${name.padEnd(46)}${percent(knownPatterns[key]).padStart(16)}${percent(newPatterns[key]).padStart(16)}`;
  return [
    "HELD-OUT ACCURACY",
    `  ${"".padEnd(46)}${"new facts in".padStart(16)}${"new facts in".padStart(16)}`,
    `  ${"".padEnd(46)}${"known patterns".padStart(16)}${"new patterns".padStart(16)}`,
    row("frozen model + adapter", "adapter"),
    row("frozen model alone (the same head on h[L])", "noAdapter"),
    row("always the most frequent relation", "majority"),
    "A model that never read a text knows no two words that mean the same, so new patterns stay hard for it:",
    "that is what a trained model brings.",
  ];
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function aboutExamples({ examples }: DemoReport): readonly string[] {
  const lines = examples.flatMap(({ text, subject, object, relation, predicted }) => {
    const said =
      predicted === relation ? `right: ${predicted}` : `wrong: said "${predicted}", the fact is "${relation}"`;
    return [`  ${text}`, `      ${subject} → ${object}: ${said}`];
  });
  return ["THE FIRST TEST SENTENCES (new facts in new patterns)", ...lines];
}

function aboutBackbone({ backbone }: DemoReport): readonly string[] {
  const { hashBefore, hashAfter } = backbone;
  return [
    "NOTHING WAS FORGOTTEN",
    "  SHA-256 of the language model's weights",
    `    before  ${hashBefore}`,
    `    after   ${hashAfter}${hashBefore === hashAfter ? "  (the same, to the last bit)" : "  CHANGED"}`,
  ];
}

function nextSteps({ backbone, data, adapter }: DemoReport, testFile: string): readonly string[] {
  const example = `--text "Vienna is the capital of Austria." --subject Austria --object Vienna --top 3`;
  return [
    "FILES",
    `  ${backbone.folder}  the language model, in Hugging Face's layout`,
    `  ${data.folder}  the sentences (JSON Lines, Wiki80's form)`,
    `  ${adapter}  the adapter: weights, configuration, model card, metrics.jsonl`,
    "",
    "WHAT TO TRY NEXT",
    `  node bin/kadapter.js eval --adapter ${adapter} --data ${testFile}`,
    `  node bin/kadapter.js predict --adapter ${adapter} ${example}`,
    `  node bin/kadapter.js inspect ${adapter}`,
    `  node bin/kadapter.js verify ${adapter}`,
    "  and with a trained model (downloaded once, or a folder of yours):",
    `  node bin/kadapter.js pretrain factual --backbone roberta-base --train ${join(data.folder, "train.jsonl")} --dev ${join(data.folder, "dev.jsonl")} --out runs/roberta`,
  ];
}
