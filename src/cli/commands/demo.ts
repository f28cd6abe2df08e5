import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { demoExamples } from "../../demo/examples.js";
import { readCurve } from "../../demo/learning-curve.js";
import { codeOf, userError } from "../../errors.js";
import { type BackboneHandle, openBackbone } from "../../features/backbone-handle.js";
import { fileError, writeFileAtomically } from "../../files/atomic.js";
import { ownModel } from "../../library/own-model.js";
import type { DemoSettings } from "../../settings/tools.js";
import { totalElements } from "../../tensor.js";
import { Commands } from "../demo/commands.js";
import { type DemoCurves, demoHtml } from "../demo/html.js";
import { type DemoReport, demoPage } from "../demo/page.js";
import { tellRelations } from "../demo/relations.js";
import { teachInvented } from "../demo/taught.js";
import type { CommandContext } from "../run.js";

/** Where the demo puts things. */
function places(out: string) {
  return {
    data: join(out, "data"),
    cache: join(out, "cache"),
    text: join(out, "text.txt"),
    country: join(out, "country"),
    harbour: join(out, "harbour"),
    adapter: join(out, "relations"),
    baseline: join(out, "no-adapter"),
    html: join(out, "report.html"),
  };
}

type Places = ReturnType<typeof places>;

/** `demo`: small trainings that need nothing outside the package. */
export async function run(options: DemoSettings, context: CommandContext): Promise<void> {
  const { out, seed, epochs } = options;
  const { output } = context;
  const started = performance.now();
  await requireOwnFolder(options);
  const folder = options.backbone ?? ownModel();
  const backbone = await openBackbone(folder);
  await clearFolder(options);
  const to = places(out);
  const commands = new Commands(context);
  await writeFileAtomically(to.text, plainText(seed));
  const taught = await teachInvented({ backbone: folder, seed, to, commands });
  const relations = await tellRelations({ backbone: folder, epochs, seed, to, commands });
  const { hash: hashAfter } = await openBackbone(folder);
  const report: DemoReport = {
    out,
    seed,
    backbone: {
      ...{ folder, own: options.backbone === undefined, hashBefore: backbone.hash, hashAfter },
      ...{ layers: backbone.config.layers, hiddenSize: backbone.config.hiddenSize, parameters: countOf(backbone) },
    },
    ...{ taught, relations, html: to.html },
    seconds: Math.round((performance.now() - started) / 1000),
  };
  await writeFileAtomically(to.html, demoHtml(report, await curvesOf(to)));
  for (const line of demoPage(report)) output.say(line);
  output.result({ ...report });
  if (hashAfter !== backbone.hash) throw new Error(`the training changed ${folder}`);
}

/** True sentences, none of which the adapters were taught beside. */
const plainText = (seed: number) =>
  demoExamples("test", { seed, perRelation: { test: 10 } })
    .map(({ text }) => `${text}\n`)
    .join("");

/** Parameters of the frozen model, without a head of its own. */
function countOf({ definition, config }: BackboneHandle): number {
  return totalElements(definition.build(config).parameters);
}

async function curvesOf({ country, harbour, adapter, baseline }: Places): Promise<DemoCurves> {
  const curve = async (folder: string, metric: string) =>
    readCurve(await readFile(join(folder, "metrics.jsonl"), "utf8"), metric);
  return {
    taught: { country: await curve(country, "p1"), harbour: await curve(harbour, "p1") },
    relations: { adapter: await curve(adapter, "accuracy"), noAdapter: await curve(baseline, "accuracy") },
  };
}

/** Says that a folder is a demo's, so that `--overwrite` deletes nobody else's files. */
const marker = "demo.json";

/** Refuses a folder with files in it, other than an earlier demo's with `--overwrite`. */
async function requireOwnFolder({ out, overwrite }: DemoSettings): Promise<void> {
  const there: readonly string[] = await readdir(out).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
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
