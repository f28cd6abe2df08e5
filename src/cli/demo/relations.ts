/** The demo's second part: telling which relation a sentence states, with an adapter and without one. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { RelationExample } from "../../data/relation-example.js";
import { writeWiki80 } from "../../data/wiki80-writer.js";
import { demoExamples, demoRelations, writeDemoData } from "../../demo/examples.js";
import type { Commands } from "./commands.js";

/** Shares of test sentences whose relation was named rightly. */
export interface Accuracies {
  readonly adapter: number;
  readonly noAdapter: number;
  readonly majority: number;
}

export interface RelationsReport {
  readonly data: {
    readonly folder: string;
    readonly relations: number;
    readonly train: number;
    /** Test sentences in the training's patterns, and in others. */
    readonly known: number;
    readonly test: number;
  };
  readonly adapter: string;
  readonly architecture: Readonly<Record<string, unknown>>;
  readonly accuracy: { readonly knownPatterns: Accuracies; readonly newPatterns: Accuracies };
  readonly examples: readonly {
    readonly text: string;
    readonly subject: string;
    readonly object: string;
    readonly relation: string;
    readonly predicted: string;
  }[];
}

interface RelationsInput {
  readonly backbone: string;
  readonly epochs: number;
  readonly seed: number;
  readonly to: RelationsPlaces;
  readonly commands: Commands;
}

interface RelationsPlaces {
  /** Folder of the sentences. */
  readonly data: string;
  readonly cache: string;
  readonly adapter: string;
  readonly baseline: string;
}

const sentences = { train: 110, dev: 20, test: 40 };

/** The defaults, but for a dropout that few sentences want. */
const training = (epochs: number, seed: number) => [
  ...["--dropout", "0.2"],
  ...["--max-length", "64", "--epochs", String(epochs), "--seed", String(seed), "--eval-every", "25"],
];

/** With the adapter and without one, by the commands that a user would give. */
export async function tellRelations(input: RelationsInput): Promise<RelationsReport> {
  const { backbone, epochs, seed, to, commands } = input;
  const data = await writeData(to, seed);
  const { files } = data;
  const pretrain = (out: string, ...more: string[]) => [
    ...["pretrain", "factual", "--backbone", backbone, "--train", files.train, "--dev", files.dev, "--out", out],
    // As in the paper: beside so small a model the objectives do not differ beyond the spread of seeds.
    ...["--objective", "classification", "--cache", to.cache, ...training(epochs, seed), ...more],
  ];
  commands.heading("6. another kind of knowledge: an adapter that tells which relation a sentence states");
  const { architecture } = pretrainResult.parse(await commands.run(pretrain(to.adapter)));
  commands.heading("7. for comparison: the same head on the model's last hidden state, no adapter");
  await commands.run(pretrain(to.baseline, "--features", "last"));
  commands.heading("8. held-out facts");
  const predictions = join(to.adapter, "test-predictions.jsonl");
  const score = async (adapter: string, file: string, ...more: string[]) =>
    evalResult.parse(await commands.run(["eval", "--adapter", adapter, "--data", file, ...more])).accuracy;
  const accuracy = {
    knownPatterns: {
      adapter: await score(to.adapter, files.known),
      noAdapter: await score(to.baseline, files.known),
      majority: majorityAccuracy(data.train, data.known),
    },
    newPatterns: {
      adapter: await score(to.adapter, files.test, "--predictions", predictions),
      noAdapter: await score(to.baseline, files.test),
      majority: majorityAccuracy(data.train, data.fresh),
    },
  };
  return {
    data: {
      folder: to.data,
      relations: demoRelations.length,
      train: data.train.length,
      known: data.known.length,
      test: data.fresh.length,
    },
    ...{ adapter: to.adapter, architecture, accuracy },
    examples: await examplesOf(predictions, data.fresh),
  };
}

const pretrainResult = z.object({ architecture: z.record(z.string(), z.json()) });
const evalResult = z.object({ accuracy: z.number() });
const prediction = z.object({ relation: z.string(), predicted: z.string() });

async function writeData({ data }: RelationsPlaces, seed: number) {
  const written = await writeDemoData(data, { seed, perRelation: sentences });
  // New facts in the patterns of the training's sentences.
  const files = { ...written, known: join(data, "test-known-patterns.jsonl") };
  const train = demoExamples("train", { seed, perRelation: sentences });
  const fresh = demoExamples("test", { seed, perRelation: sentences });
  const known = demoExamples("test", { seed, perRelation: sentences, patternsOf: "train" });
  await writeWiki80(files.known, known);
  return { files, train, fresh, known };
}

/** How often one is right who always names the relation that is most frequent in the training. */
function majorityAccuracy(train: readonly RelationExample[], test: readonly RelationExample[]): number {
  const count = (examples: readonly RelationExample[], name: string) =>
    examples.filter(({ relation }) => relation === name).length;
  const most = demoRelations.reduce((best, name) => (count(train, name) > count(train, best) ? name : best));
  return count(test, most) / test.length;
}

/** The first few test sentences and what was said of them: not chosen, so they show mistakes too. */
async function examplesOf(predictions: string, test: readonly RelationExample[]): Promise<RelationsReport["examples"]> {
  const lines = (await readFile(predictions, "utf8")).split("\n");
  return test.slice(0, 4).map(({ text, subject, object }, i) => ({
    text,
    subject: text.slice(subject.start, subject.end),
    object: text.slice(object.start, object.end),
    ...prediction.parse(JSON.parse(lines[i] ?? "null")),
  }));
}
