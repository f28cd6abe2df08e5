import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { RelationExample } from "../../data/relation-example.js";
import { writeWiki80 } from "../../data/wiki80-writer.js";
import { demoExamples, demoRelations, writeDemoData } from "../../demo/examples.js";
import { readCurve } from "../../demo/learning-curve.js";
import { userError } from "../../errors.js";
import { type BackboneHandle, openBackbone } from "../../features/backbone-handle.js";
import { fileError, writeFileAtomically } from "../../files/atomic.js";
import { ownModel } from "../../library/own-model.js";
import type { DemoSettings } from "../../settings/tools.js";
import { elementCount } from "../../tensor.js";
import { askDemoFacts } from "../demo/cloze.js";
import { type DemoCurves, demoHtml } from "../demo/html.js";
import { type DemoReport, demoPage } from "../demo/page.js";
import { Output } from "../output.js";
import { type CommandContext, Interrupted } from "../run.js";

/** Where the demo puts things. */
function places(out: string) {
  return {
    data: join(out, "data"),
    /** New facts in the patterns of the training's sentences. */
    known: join(out, "data", "test-known-patterns.jsonl"),
    questions: join(out, "questions"),
    cache: join(out, "cache"),
    adapter: join(out, "adapter"),
    baseline: join(out, "no-adapter"),
    heads: join(out, "heads"),
    html: join(out, "report.html"),
  };
}

type Places = ReturnType<typeof places>;

const sentences = { train: 150, dev: 20, test: 40 };

/** The defaults, but for a dropout that few sentences want. */
const training = (epochs: number, seed: number) => [
  ...["--dropout", "0.2"],
  ...["--max-length", "64", "--epochs", String(epochs), "--seed", String(seed), "--eval-every", "25"],
];

/** `demo`: a whole small training that needs nothing outside the package. */
export async function run(options: DemoSettings, context: CommandContext): Promise<void> {
  const { out, seed } = options;
  const { output } = context;
  const started = performance.now();
  await requireOwnFolder(options);
  const folder = options.backbone ?? ownModel();
  const backbone = await openBackbone(folder);
  await clearFolder(options);
  const at = places(out);
  const data = await writeData(at, seed);
  output.note(`facts and sentence patterns of the project's own: ${at.data}`);
  const commands = new Commands(context);
  const measured = await trainAndMeasure(folder, options, at, data, commands);
  commands.heading("4. facts of the training sentences, asked with a blank in other words");
  const { train, reworded: dev } = data;
  const run = (args: readonly string[]) => commands.run(args);
  const cloze = await askDemoFacts({ backbone: folder, adapter: at.adapter, train, dev, seed, to: at, run });
  const { hash: hashAfter } = await openBackbone(folder);
  const report: DemoReport = {
    out,
    seed,
    backbone: {
      ...{ folder, own: options.backbone === undefined, hashBefore: backbone.hash, hashAfter },
      ...{ layers: backbone.config.layers, hiddenSize: backbone.config.hiddenSize, parameters: countOf(backbone) },
    },
    data: {
      folder: at.data,
      relations: demoRelations.length,
      train: train.length,
      known: data.known.length,
      test: data.fresh.length,
    },
    ...measured,
    cloze,
    ...{ adapter: at.adapter, heads: at.heads, questions: at.questions, html: at.html },
    seconds: Math.round((performance.now() - started) / 1000),
  };
  await writeFileAtomically(at.html, demoHtml(report, await curvesOf(at)));
  for (const line of demoPage(report)) output.say(line);
  output.result({ ...report });
  if (hashAfter !== backbone.hash) throw new Error(`the training changed ${folder}`);
}

type DemoData = Awaited<ReturnType<typeof writeData>>;

/** With the adapter and without one, by the commands that a user would give. */
async function trainAndMeasure(
  backbone: string,
  { epochs, seed }: DemoSettings,
  at: Places,
  data: DemoData,
  commands: Commands,
): Promise<Pick<DemoReport, "architecture" | "accuracy" | "examples">> {
  const { files } = data;
  const pretrain = (to: string, ...more: string[]) => [
    ...["pretrain", "factual", "--backbone", backbone, "--train", files.train, "--dev", files.dev, "--out", to],
    // As in the paper: beside so small a model the objectives do not differ beyond the spread of seeds.
    ...["--objective", "classification", "--cache", at.cache, ...training(epochs, seed), ...more],
  ];
  commands.heading("1. a factual adapter beside the frozen model");
  const { architecture } = pretrainResult.parse(await commands.run(pretrain(at.adapter)));
  commands.heading("2. for comparison: the same head on the model's last hidden state, no adapter");
  await commands.run(pretrain(at.baseline, "--features", "last"));
  commands.heading("3. held-out facts");
  const predictions = join(at.adapter, "test-predictions.jsonl");
  const score = async (adapter: string, file: string, ...more: string[]) =>
    evalResult.parse(await commands.run(["eval", "--adapter", adapter, "--data", file, ...more])).accuracy;
  const accuracy = {
    knownPatterns: {
      adapter: await score(at.adapter, at.known),
      noAdapter: await score(at.baseline, at.known),
      majority: majorityAccuracy(data.train, data.known),
    },
    newPatterns: {
      adapter: await score(at.adapter, files.test, "--predictions", predictions),
      noAdapter: await score(at.baseline, files.test),
      majority: majorityAccuracy(data.train, data.fresh),
    },
  };
  return { architecture, accuracy, examples: await examplesOf(predictions, data.fresh) };
}

const pretrainResult = z.object({ architecture: z.record(z.string(), z.json()) });
const evalResult = z.object({ accuracy: z.number() });
const prediction = z.object({ relation: z.string(), predicted: z.string() });

/** Parameters of the frozen model, without a head of its own. */
function countOf({ definition, config }: BackboneHandle): number {
  return definition.build(config).parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

async function curvesOf({ adapter, baseline }: Places): Promise<DemoCurves> {
  const curve = async (folder: string) => readCurve(await readFile(join(folder, "metrics.jsonl"), "utf8"));
  return { adapter: await curve(adapter), noAdapter: await curve(baseline) };
}

async function writeData(at: Places, seed: number) {
  const files = await writeDemoData(at.data, { seed, perRelation: sentences });
  const train = demoExamples("train", { seed, perRelation: sentences });
  const reworded = demoExamples("train", { seed, perRelation: { train: sentences.dev }, patternsOf: "dev" });
  const fresh = demoExamples("test", { seed, perRelation: sentences });
  const known = demoExamples("test", { seed, perRelation: sentences, patternsOf: "train" });
  await writeWiki80(at.known, known);
  return { files, train, reworded, fresh, known };
}

/** How often one is right who always names the relation that is most frequent in the training. */
function majorityAccuracy(train: readonly RelationExample[], test: readonly RelationExample[]): number {
  const count = (examples: readonly RelationExample[], name: string) =>
    examples.filter(({ relation }) => relation === name).length;
  const most = demoRelations.reduce((best, name) => (count(train, name) > count(train, best) ? name : best));
  return count(test, most) / test.length;
}

/** The first few test sentences and what was said of them: not chosen, so they show mistakes too. */
async function examplesOf(predictions: string, test: readonly RelationExample[]): Promise<DemoReport["examples"]> {
  const lines = (await readFile(predictions, "utf8")).split("\n");
  return test.slice(0, 6).map(({ text, subject, object }, i) => ({
    text,
    subject: text.slice(subject.start, subject.end),
    object: text.slice(object.start, object.end),
    ...prediction.parse(JSON.parse(lines[i] ?? "null")),
  }));
}

/** Says that a folder is a demo's, so that `--overwrite` deletes nobody else's files. */
const marker = "demo.json";

/** Refuses a folder with files in it, other than an earlier demo's with `--overwrite`. */
async function requireOwnFolder({ out, overwrite }: DemoSettings): Promise<void> {
  const there: readonly string[] = await readdir(out).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw fileError(out, "read the folder", error);
  });
  if (there.length > 0 && !(overwrite && there.includes(marker))) {
    throw userError({
      where: out,
      what: overwrite ? "the folder was not made by a demo" : "the folder is not empty",
      fix: overwrite ? "choose another --out" : "choose another --out, or replace an earlier demo with --overwrite",
    });
  }
}

/** Marks the folder; what an earlier demo left goes, and nothing else. */
async function clearFolder({ out, seed, epochs }: DemoSettings): Promise<void> {
  await writeFileAtomically(join(out, marker), `${JSON.stringify({ seed, epochs })}\n`);
  for (const path of Object.values(places(out))) await rm(path, { recursive: true, force: true });
}

/** Runs commands of the command line as a user would, and takes their `--json` results. */
class Commands {
  constructor(private readonly context: CommandContext) {}

  heading(text: string): void {
    this.context.output.note(`\n${text}`);
  }

  async run(args: readonly string[]): Promise<unknown> {
    const { signal, stderr, makeProgram } = this.context;
    this.context.output.note(`$ kadapter ${args.join(" ")}`);
    let stdout = "";
    const output = new Output(true, { write: (text) => (stdout += text) }, stderr);
    const program = await makeProgram(() => ({ ...this.context, output }), args);
    try {
      await program.parseAsync(["node", "kadapter", ...args, "--json"]);
    } catch (error) {
      throw error instanceof Interrupted ? new Interrupted("start the demo anew with --overwrite") : error;
    }
    if (signal.aborted) throw new Interrupted("start the demo anew with --overwrite");
    output.finish();
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "null");
  }
}
