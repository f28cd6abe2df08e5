/**
 * The programs on the pages docs/export.md and docs/serving.md, as they stand there: each runs where its runtime is, and says
 * what kadapter says.
 */
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { exportOnnx, load, openBackbone, openEngine, ownModel, recall, train } from "../../dist/index.js";
import { startHttp } from "../../dist/serving/http/server.js";
import { Service } from "../../dist/serving/service.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const question = "The most important city of Ormelle, its capital, is [MASK].";
const python = process.env.PEER_PYTHON || "python3";
const run = promisify(execFile);
const slow = { timeout: 600_000 };

/** The blocks of a language on a page, in their order. */
async function blocks(page, language) {
  const text = await readFile(join(root, "docs", page), "utf8");
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, code]) => code);
}

/** What a program prints; it runs in a folder that has the taught model's export in `runs/country-onnx`. */
async function printed(command, args) {
  const { stdout } = await run(command, args, { cwd: folder });
  return stdout.trim();
}

const runs = (command, args) => spawnSync(command, args, { cwd: folder, stdio: "ignore" }).status === 0;
const lacks = (modules) => (runs(python, ["-c", `import ${modules}`]) ? false : `${python} has no ${modules}`);

let folder = "";
let engine;
/** The best word, as kadapter says it. */
let word = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-snippets-"));
  await mkdir(join(folder, "runs"));
  engine = await openEngine({ device: "cpu", threads: 1 });
  const country = join(root, "examples", "country");
  const knowledge = recall({ facts: join(country, "facts.csv"), wordings: join(country, "wordings.yaml") });
  const out = join(folder, "runs", "country");
  for await (const _ of train(engine, await openBackbone(ownModel()), knowledge, { out, maxSteps: 3, cache: "off" }));
  await exportOnnx([out], join(folder, "runs", "country-onnx"), { precision: ["float32"] });
  const model = await load(engine, out, { as: "recall" });
  [{ word }] = await model.fill(question, { top: 1 });
  await model.close();
}, slow);
after(async () => {
  await engine?.close();
  await rm(folder, { recursive: true, force: true });
});

test("the page on exports has a program for Python", slow, async (context) => {
  const [code, ...others] = await blocks("export.md", "python");
  assert.deepEqual([typeof code, others.length], ["string", 0]);
  const lack = lacks("numpy, onnxruntime, tokenizers");
  if (lack) return context.skip(lack);
  assert.equal(await printed(python, ["-c", code]), word.trim());
});

test("the page on exports has a program for Java", slow, async (context) => {
  const [code, ...others] = await blocks("export.md", "java");
  assert.deepEqual([typeof code, others.length], ["string", 0]);
  if (!runs("java", ["--version"]) || !runs("mvn", ["--version"])) return context.skip("there is no java, or no mvn");
  const pom = join(root, "test", "clients", "pom.xml");
  const list = join(folder, "classpath");
  if (!runs("mvn", ["-q", "-B", "-f", pom, "dependency:build-classpath", `-Dmdep.outputFile=${list}`])) {
    return context.skip("mvn could not fetch the libraries");
  }
  await writeFile(join(folder, "Fill.java"), code);
  assert.equal(await printed("java", ["-cp", await readFile(list, "utf8"), "Fill.java"]), word.trim());
});

test("the page on serving has two programs for Python", slow, async (context) => {
  const codes = await blocks("serving.md", "python");
  assert.equal(codes.length, 2);
  const options = { batchTokens: 2048, queueTokens: 10_000, mostModels: 4, backbone: ownModel() };
  const service = new Service(engine, options);
  context.after(() => service.close());
  await service.load("country", join(folder, "runs", "country"), true);
  const how = { host: "127.0.0.1", port: 0, bodyLimit: 2 ** 20, loading: null };
  const server = await startHttp(service, { ...how, log: { write: () => undefined } });
  context.after(() => server.stop());
  const { host } = new URL(server.url);
  for (const [i, modules] of ["requests", "numpy, tritonclient.http"].entries()) {
    await context.test(modules, async (inner) => {
      const lack = lacks(modules);
      if (lack) return inner.skip(lack);
      const here = codes[i].replaceAll("localhost:8080", host);
      assert.notEqual(here, codes[i]);
      assert.equal(await printed(python, ["-c", here]), word.trim());
    });
  }
});
