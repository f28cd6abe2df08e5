/** `kadapter/browser`: bundled as a user bundles it, and run in Chromium beside the same in Node. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type * as Kadapter from "../src/browser/index.js";
import type { BackboneHandle, Engine } from "../src/index.js";
import { buildPage, noChromium, openPage } from "./browser-page.js";
import { testFolder } from "./support.js";

/** The built one, as a user's program has it. */
const library = (await import(new URL("../dist/index.js", import.meta.url).href)) as typeof import("../src/index.js");

const reason = noChromium ? `: ${noChromium}` : "";

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** Builds a page that runs a program; it stands in the package, so that the package's own name is resolved. */
async function builtProgram(program: string): Promise<string> {
  await mkdir("runs", { recursive: true });
  const folder = await mkdtemp(resolve("runs", "browser-"));
  folders.push(folder);
  await writeFile(
    join(folder, "index.html"),
    '<!doctype html><title>test</title><script type="module" src="./main.js"></script>',
  );
  await writeFile(join(folder, "main.js"), program);
  await buildPage(folder, join(folder, "dist"));
  return join(folder, "dist");
}

/** A short training: the files that are read, and settings. */
interface Training {
  readonly kind: "facts" | "recall";
  readonly files: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, number>>;
}

const short = { adapterSize: 64, transformerLayers: 1, maxSteps: 6, batchSize: 8 };
const trainings: readonly Training[] = [
  { kind: "facts", files: { train: "company/train.jsonl", dev: "company/dev.jsonl" }, settings: short },
  {
    kind: "recall",
    files: { facts: "country/facts.csv", wordings: "country/wordings.yaml" },
    settings: { ...short, textShare: 0.15, asked: 10 },
  },
];

describe("kadapter/browser", () => {
  let built: string;
  beforeAll(async () => {
    built = await builtProgram('import * as kadapter from "kadapter/browser"; globalThis.kadapter = kadapter;');
  });

  it("is bundled with nothing of Node's in it, the worker and ONNX Runtime's WebAssembly beside it", async () => {
    const files = await readdir(join(built, "assets"));
    expect(files).toContainEqual(expect.stringMatching(/^worker-.*\.js$/));
    expect(files).toContainEqual(expect.stringMatching(/^ort-wasm-simd-threaded-.*\.wasm$/));
    for (const file of files.filter((name) => name.endsWith(".js") && !name.includes("ort."))) {
      expect(await readFile(join(built, "assets", file), "utf8"), file).not.toMatch(/["'`]node:|browser-external/);
    }
  });

  it.skipIf(noChromium).each(trainings)(`trains $kind as Node does${reason}`, async (training) => {
    await using open = await openPage(built);
    const folder = await testFolder();
    folders.push(folder);
    const { losses, files } = await open.page.evaluate(trainInTab, {
      ...training,
      contents: await contentsOf(training),
    });
    await using engine = await library.openEngine({ threads: 1 });
    const base = await library.openBackbone(library.ownModel());
    const here = await trainHere(training, engine, base, join(folder, "node"));
    expect(losses).toHaveLength(short.maxSteps);
    // A batch of plain text has a small loss beside the others': a difference of large numbers, summed in another order.
    const apart = here.map((loss, i) => Math.abs(loss - (losses[i] as number)));
    expect(Math.max(...apart) / Math.max(1, ...here)).toBeLessThan(1e-5);
    expect(open.errors).toEqual([]);

    if (training.kind !== "recall") return;
    await mkdir(join(folder, "tab"));
    for (const [name, bytes] of Object.entries(files)) {
      await writeFile(join(folder, "tab", name), Buffer.from(bytes, "base64"));
    }
    const filled = async (name: string) => {
      await using model = await library.load(engine, join(folder, name), { backbone: base, as: "recall" });
      return model.fill("The capital of Ormelle is [MASK].");
    };
    const [fromTab, fromNode] = [await filled("tab"), await filled("node")];
    expect(fromTab.map(({ word }) => word)).toEqual(fromNode.map(({ word }) => word));
    fromTab.forEach(({ probability }, i) => {
      expect(probability).toBeCloseTo(fromNode[i]?.probability as number, 4);
    });
  });

  it.skipIf(noChromium)(`runs what docs/browser.md shows${reason}`, async () => {
    const [, snippet = ""] = /^```js\n(.*?)^```$/ms.exec(await readFile("docs/browser.md", "utf8")) ?? [];
    const program = await builtProgram(`${snippet}\nglobalThis.done = true;`);
    await using open = await openPage(program);
    const said: string[] = [];
    open.page.on("console", (message) => said.push(message.text()));
    await open.page.reload();
    await open.page.waitForFunction("globalThis.done", null, { timeout: 500_000 });
    expect(open.errors).toEqual([]);
    expect(said.at(-1)).toMatch(/^\w.* \d+ bytes$/);
  });
});

const contentsOf = async ({ files }: Training) =>
  Object.fromEntries(
    await Promise.all(
      Object.values(files).map(async (name) => [name, await readFile(join("examples", name), "utf8")] as const),
    ),
  );

async function trainHere({ kind, files, settings }: Training, engine: Engine, base: BackboneHandle, out: string) {
  const { facts, recall, train } = library;
  const named = Object.fromEntries(Object.entries(files).map(([key, name]) => [key, join("examples", name)]));
  const knowledge = kind === "facts" ? facts(named as never) : recall(named as never);
  const losses: number[] = [];
  for await (const event of train<Readonly<Record<string, unknown>>, unknown>(engine, base, knowledge, {
    ...settings,
    out,
    cache: "off",
  })) {
    if (event.kind === "step") losses.push(event.loss);
  }
  return losses;
}

/** Runs in the page. */
async function trainInTab({
  kind,
  files,
  settings,
  contents,
}: Training & { readonly contents: Readonly<Record<string, string>> }) {
  const { kadapter } = globalThis as unknown as { readonly kadapter: typeof Kadapter };
  const engine = await kadapter.openEngine({ threads: 1 });
  await kadapter.fetchFolder("models/own", "models/own");
  await kadapter.putFiles("/", contents);
  const base = await kadapter.openBackbone("models/own");
  const knowledge = kind === "facts" ? kadapter.facts(files as never) : kadapter.recall(files as never);
  const losses: number[] = [];
  for await (const event of kadapter.train<Readonly<Record<string, unknown>>, unknown>(engine, base, knowledge, {
    ...settings,
    out: "tab",
  })) {
    if (event.kind === "step") losses.push(event.loss);
  }
  await kadapter.removeFolder("tab/checkpoints");
  const written: Record<string, string> = {};
  for (const [name, bytes] of Object.entries(await kadapter.readFolder("tab"))) {
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    written[name] = btoa(text);
  }
  await engine.close();
  return { losses, files: written };
}
