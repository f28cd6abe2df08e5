/** Whatever is wrong with what a user gives: one line that names file and place, code 2, nothing half-written. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoExamples } from "../src/demo/examples.js";
import { writeRandomBackbone } from "../src/testing/random-backbone.js";
import {
  expectComplaint,
  filesBelow,
  json,
  kadapter,
  kadapterProcess,
  makeWorld,
  type Run,
  type World,
} from "./support.js";
import { torchWithCode, torchZip } from "./torch-writer.js";

let world: World;
let adapter: string;
beforeAll(async () => {
  world = await makeWorld();
  adapter = world.at("adapter");
  await json(world.training(adapter, "--epochs", 1));
});
afterAll(() => world.remove());

type Args = (string | number)[];
let outs = 0;

/** Runs a command that writes to a new folder and must refuse; gives its line, when nothing was left behind. */
async function refused(args: (out: string) => Args): Promise<string> {
  const out = world.at(`out-${outs++}`, "below");
  const line = expectComplaint(await kadapter([...args(out), "--json"]));
  expect(existsSync(join(out, ".."))).toBe(false);
  return line;
}

/** A copy of the backbone in which something is changed. */
async function brokenBackbone(name: string, change: (folder: string) => Promise<void>): Promise<string> {
  const folder = world.at(name);
  await cp(world.backbone, folder, { recursive: true });
  await change(folder);
  return folder;
}

/** Rewrites the header of a safetensors file without touching its data. */
async function rewriteHeader(file: string, change: (header: Record<string, Entry>) => void): Promise<void> {
  const whole = await readFile(file);
  const length = Number(whole.readBigUInt64LE());
  const header = JSON.parse(whole.subarray(8, 8 + length).toString()) as Record<string, Entry>;
  change(header);
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  await writeFile(file, Buffer.concat([size, text, whole.subarray(8 + length)]));
}

interface Entry {
  shape: number[];
  data_offsets: [number, number];
}

const word = "embeddings.word_embeddings.weight";
const weights = (folder: string) => join(folder, "model.safetensors");

async function rewriteConfig(folder: string, change: Record<string, unknown>): Promise<void> {
  const path = join(folder, "config.json");
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, "utf8")), ...change }));
}

describe("a backbone", () => {
  test.each<[string, (folder: string) => Promise<void>, RegExp]>([
    ["that is truncated", (f) => truncate(weights(f), 40_000), /model\.safetensors: the file holds \d+ bytes of data/],
    ["that is empty", (f) => truncate(weights(f), 0), /model\.safetensors: the file is empty/],
    [
      "whose header has offsets behind the end",
      (f) => rewriteHeader(weights(f), (h) => h[word]!.data_offsets.fill(2 ** 40)),
      /model\.safetensors: tensor "embeddings\.word_embeddings\.weight" takes 0 bytes/,
    ],
    [
      "whose header has tensors that overlap",
      (f) =>
        rewriteHeader(weights(f), (h) => {
          h["encoder.layer.1.output.dense.bias"]!.data_offsets = h["encoder.layer.0.output.dense.bias"]!.data_offsets;
        }),
      /model\.safetensors: tensor "encoder\.layer\.[01]\.output\.dense\.bias" overlaps/,
    ],
    [
      "whose header has a larger shape",
      (f) => rewriteHeader(weights(f), (h) => h[word]!.shape.splice(0, 1, 2 ** 31)),
      /model\.safetensors: tensor "embeddings\.word_embeddings\.weight" takes \d+ bytes/,
    ],
    [
      "whose header has a lying length",
      async (f) => {
        const whole = await readFile(weights(f));
        whole.writeBigUInt64LE(99_000_000n);
        await writeFile(weights(f), whole);
      },
      /model\.safetensors: a header of 99000000 bytes in a file of \d+/,
    ],
    [
      "that lacks a tensor",
      (f) =>
        rewriteHeader(weights(f), (h) => {
          h["renamed"] = h["encoder.layer.2.output.dense.bias"]!;
          delete h["encoder.layer.2.output.dense.bias"];
        }),
      /model\.safetensors: .* 1 missing: "encoder\.layer\.2\.output\.dense\.bias"; 1 unexpected: "renamed"/,
    ],
    [
      "whose weights are a pickle with code",
      async (f) => {
        await rm(weights(f));
        await writeFile(join(f, "pytorch_model.bin"), torchWithCode(`touch ${f}/owned`));
      },
      /pytorch_model\.bin: .*os\.system/,
    ],
    ["of an unsupported kind", (f) => rewriteConfig(f, { model_type: "t5" }), /config\.json: model_type: .* t5 /],
    ["whose config.json is no JSON", (f) => writeFile(join(f, "config.json"), "{"), /config\.json: not JSON/],
    ["whose config.json lacks a size", (f) => rewriteConfig(f, { hidden_size: null }), /config\.json: hidden_size: /],
    ["whose config.json has other sizes", (f) => rewriteConfig(f, { hidden_size: 64 }), /misshaped: /],
    [
      "whose tokenizer belongs to another model",
      async (f) => {
        const path = join(f, "vocab.json");
        const vocab = JSON.parse(await readFile(path, "utf8")) as Record<string, number>;
        await writeFile(path, JSON.stringify({ ...vocab, another: 5000 }));
      },
      /the tokenizer knows 5001 tokens, the model only \d+/,
    ],
    ["without a tokenizer", (f) => rm(join(f, "vocab.json")), /no tokenizer found in the folder/],
  ])("%s", async (name, change, expected) => {
    const folder = await brokenBackbone(name, change);
    const line = await refused((out) => world.training(out, "--backbone", folder));
    expect(line).toMatch(expected);
    expect(line).toContain(folder);
    expect(existsSync(join(folder, "owned"))).toBe(false);
  });

  test("that is nowhere", async () => {
    const line = await refused((out) => world.training(out, "--backbone", world.at("nowhere")));
    expect(line).toContain(world.at("nowhere"));
  });
});

describe("training data", () => {
  /** The training file with one line changed. */
  async function changed(name: string, line: number, change: (record: Record<string, unknown>) => unknown) {
    const lines = (await readFile(world.train, "utf8")).split("\n");
    const record = change(JSON.parse(lines[line - 1]!) as Record<string, unknown>);
    lines[line - 1] = typeof record === "string" ? record : JSON.stringify(record);
    const file = world.at(name);
    await writeFile(file, lines.join("\n"));
    return file;
  }

  test.each<[string, number, (record: Record<string, unknown>) => unknown, RegExp]>([
    ["with a broken line", 50, (record) => JSON.stringify(record).slice(0, 40), /:50: not JSON/],
    ["with a record of another shape", 31, ({ token }) => ({ token }), /:31: field "h": /],
    ["with no relation", 20, ({ relation: _, ...record }) => record, /:20: field "relation": /],
    [
      "with an entity outside its sentence",
      40,
      (record) => ({ ...record, h: { name: "x", pos: [400, 402] } }),
      /:40: field "h\.pos": words 400 to 401 are none of the sentence's \d+ words/,
    ],
  ])("%s in its middle", async (name, line, change, expected) => {
    const file = await changed(name, line, change);
    for (const flag of ["--train", "--dev"]) {
      const said = await refused((out) => world.training(out, flag, file));
      expect(said).toMatch(expected);
      expect(said).toContain(file);
    }
  });

  test("that is missing, empty, a picture, or a damaged .gz", async () => {
    await writeFile(world.at("empty.jsonl"), "");
    await writeFile(world.at("picture.jsonl"), Buffer.from("89504e470d0a1a0a0000000d49484452", "hex"));
    await writeFile(world.at("cut.jsonl.gz"), Buffer.from("1f8b080000000000000362", "hex"));
    for (const name of ["missing.jsonl", "empty.jsonl", "picture.jsonl", "cut.jsonl.gz"]) {
      expect(await refused((out) => world.training(out, "--train", world.at(name)))).toContain(world.at(name));
    }
  });

  test("whose sentences are all too long", async () => {
    const line = await refused((out) => world.training(out, "--max-length", 8));
    expect(line).toMatch(/none of \d+ examples fits|positions/);
  });
});

describe("options", () => {
  test("an unknown one in a recipe, with its line", async () => {
    const recipe = world.at("recipe.yaml");
    await writeFile(recipe, "epochs: 1\nlerning-rate: 3\n");
    const line = await refused((out) => world.training(out, "--recipe", recipe));
    expect(line).toMatch(/recipe\.yaml:2: .*lerning-rate.*learning-rate/);
  });

  test.each<[Args, RegExp]>([
    [["--recipe", "/nowhere.yaml"], /\/nowhere\.yaml: .*no such file/],
    [["--layers", "0,9"], /no hidden state 9/],
    [["--adapter-heads", 3], /3 heads do not divide the adapter size 16/],
    [["--max-length", 5000], /--max-length: 5000 tokens are more than the backbone has positions for/],
    [["--epochs", "many"], /--epochs: "many" is not valid/],
    [["--skip", 1], /skip: 1 is not defined/],
    [["--device", "cuda"], /--device|device cuda/],
  ])("%j", async (more, expected) => {
    expect(await refused((out) => world.training(out, ...more))).toMatch(expected);
  });
});

/** A run that was under way when it failed: lines about the way, then one error. */
function expectFailedRun(run: Run): string {
  const lines = run.stderr.trimEnd().split("\n");
  const errors = lines.filter((line) => /error|onnxruntime/i.test(line));
  expect(errors).toEqual([lines.at(-1)]);
  expect(lines.at(-1)).toMatch(/^error: /);
  expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 2, stdout: "" });
  return lines.at(-1)!;
}

const tmpfs = tmpfsAllowed();

function tmpfsAllowed(): boolean {
  try {
    execFileSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("a place that cannot be written", () => {
  test("a folder below a file, or where nobody may write", async () => {
    const below = join(world.train, "out");
    for (const out of [below, "/proc/kadapter/out"]) {
      const run = await kadapter([...world.training(out), "--json"]);
      expect(expectComplaint(run)).toContain(out);
    }
    expect(await filesBelow(world.at("data"))).toEqual(["dev.jsonl", "test.jsonl", "train.jsonl"]);
    const file = join(world.train, "predictions.jsonl");
    const options = ["--adapter", adapter, "--data", world.test];
    for (const args of [
      ["predict", ...options, "--out", file],
      ["eval", ...options, "--predictions", file],
    ]) {
      // The file that stands where a folder should is the place to name.
      expect(expectComplaint(await kadapter(args))).toContain(`${world.train}: `);
    }
  });

  // The limit of a file's size stands in for a full disk, which needs rights: writes fail in their middle alike.
  test("no room for a checkpoint", async () => {
    const out = world.at("limited");
    const run = await kadapterProcess([...world.training(out, "--cache", "off"), "--json"], {
      before: "ulimit -f 100",
    });
    expect(expectFailedRun(run)).toMatch(/limited\/checkpoints\/.*: cannot write .*the file grew over the size limit/);
    const left = await filesBelow(out);
    expect(left.filter((name) => /tmp|adapter_config|state/.test(name))).toEqual([]);
  });

  test("no room for the cache of hidden states", async () => {
    const out = world.at("limited-cache");
    const cache = world.at("small-cache");
    const run = await kadapterProcess([...world.training(out, "--cache", cache), "--json"], { before: "ulimit -f 20" });
    expect(expectFailedRun(run)).toMatch(/small-cache\/.*the file grew over the size limit/);
    expect((await filesBelow(cache)).filter((name) => /tmp|shard/.test(name))).toEqual([]);
    expect(existsSync(out)).toBe(false);
  });

  test("no room for the examples", async () => {
    const many = world.at("many.jsonl");
    const one = `${(await readFile(world.train, "utf8")).trimEnd()}\n`;
    await writeFile(many, one.repeat(Math.ceil(1_000_000 / one.length)));
    const out = world.at("limited-examples");
    const args = ["pretrain", "factual", "--backbone", world.backbone, "--train", many, "--out", out, "--json"];
    const folder = world.at("data");
    const run = await kadapterProcess(args, { before: `ulimit -f 300; export TMPDIR=${folder}` });
    expect(expectFailedRun(run)).toContain(
      `${folder}: cannot keep data there for a while (TMPDIR names another folder): the file grew over the size limit`,
    );
    expect(existsSync(out)).toBe(false);
    expect((await filesBelow(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test.skipIf(!tmpfs)("a full disk", async () => {
    const out = world.at("disk");
    await mkdir(out);
    const mount = `mount -t tmpfs -o size=150k tmpfs ${out}`;
    const after = `find ${out} -name "*.tmp" -o -name adapter_config.json -o -name state.safetensors >&2`;
    const args = [...world.training(join(out, "run"), "--cache", "off"), "--json"];
    const run = await kadapterProcess(args, { before: mount, after, unshare: true });
    expect(expectFailedRun(run)).toMatch(/disk\/run\/.*no space left on the disk/);
  });
});

describe("an adapter to be used", () => {
  const use = (more: Args = [], command = "eval") => {
    const folder = more.includes("--adapter") ? [] : ["--adapter", adapter];
    const data = more.includes("--data") ? [] : ["--data", world.test];
    return kadapter([command, ...folder, ...data, ...more, "--json"]);
  };

  async function brokenAdapter(name: string, change: (folder: string) => Promise<void>): Promise<string> {
    const folder = world.at(name);
    for (const file of ["adapter_config.json", "adapter_model.safetensors", "head.safetensors"]) {
      await cp(join(adapter, file), join(folder, file));
    }
    await change(folder);
    return folder;
  }

  test("on a relation that it never learnt", async () => {
    const lines = (await readFile(world.test, "utf8")).split("\n");
    lines[9] = lines[9]!.replace(/"relation":"[^"]+"/, '"relation":"is the nemesis of"');
    const file = world.at("unknown.jsonl");
    await writeFile(file, lines.join("\n"));
    const line = expectComplaint(await use(["--data", file]));
    expect(line).toMatch(/unknown\.jsonl:10: the relation "is the nemesis of" is not among the 16/);
    expect((await use(["--data", file], "predict")).code).toBe(0);
  });

  test("beside a backbone of another size, or with other weights", async () => {
    const texts = demoExamples("train").map(({ text }) => text);
    const wide = world.at("wide");
    const sizes = { seed: 1, layers: 3, heads: 4, vocabSize: 600 };
    await writeRandomBackbone(wide, texts, { ...sizes, hiddenSize: 48 });
    expect(expectComplaint(await use(["--backbone", wide]))).toMatch(/wide: .* hidden size 32, here 48/);
    const other = world.at("other");
    await writeRandomBackbone(other, texts, { ...sizes, hiddenSize: 32 });
    expect(expectComplaint(await use(["--backbone", other]))).toMatch(/other: .*weights \(SHA-256\)/);
    const verified = await kadapter(["verify", adapter, "--backbone", other]);
    expect(verified.code).toBe(1);
    expect(verified.stderr).toMatch(/^failed backbone, weights: [0-9a-f]{64}, but [0-9a-f]{64} was recorded\n$/);
  });

  test.each<[string, (folder: string) => Promise<void>, RegExp]>([
    ["cut", (f) => truncate(join(f, "adapter_model.safetensors"), 9000), /adapter_model\.safetensors: /],
    ["headless", (f) => rm(join(f, "head.safetensors")), /head\.safetensors: .*no such file/],
    ["unconfigured", (f) => rm(join(f, "adapter_config.json")), /adapter_config\.json: .*no such file/],
    ["misconfigured", (f) => writeFile(join(f, "adapter_config.json"), "{}"), /adapter_config\.json: format: /],
  ])("that is %s", async (name, change, expected) => {
    const folder = await brokenAdapter(name, change);
    for (const command of ["eval", "predict"]) {
      expect(expectComplaint(await use(["--adapter", folder], command))).toMatch(expected);
    }
    expect(expectComplaint(await kadapter(["verify", folder, "--json"]))).toMatch(expected);
  });

  test("whose numbers were changed: verify tells, with code 1", async () => {
    const folder = await brokenAdapter("changed", async (f) => {
      const file = join(f, "head.safetensors");
      const whole = await readFile(file);
      whole.writeFloatLE(Number.NaN, whole.length - 4);
      await writeFile(file, whole);
    });
    const run = await kadapter(["verify", folder, "--json"]);
    expect(run.code).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject({ ok: false });
    expect(run.stderr.trim().split("\n")).toEqual([
      expect.stringMatching(/^failed head\.safetensors, numbers: .* has NaN at element \d+$/),
      expect.stringMatching(/^failed head\.safetensors, SHA-256 of its tensors: /),
    ]);
  });

  test("on half of a sentence", async () => {
    const say = async (...more: Args) => expectComplaint(await kadapter(["predict", "--adapter", adapter, ...more]));
    expect(await say()).toMatch(/nothing to predict/);
    expect(await say("--text", "Ada lived.", "--subject", "Ada", "--object", "Paris")).toMatch(/--object: "Paris"/);
  });
});

describe("a file to be imported", () => {
  const tensor = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });

  test("with code in it, and the code does not run", async () => {
    const file = world.at("evil.bin");
    await writeFile(file, torchWithCode(`touch ${world.at("owned")}`));
    const line = await refused((out) => ["import", file, "--out", out]);
    expect(line).toMatch(/evil\.bin: .*os\.system/);
    expect(existsSync(world.at("owned"))).toBe(false);
  });

  test("that is missing, empty, cut or no adapter", async () => {
    const whole = torchZip(new Map([["adapter.0.down_project.weight", tensor(768, 1024)]]));
    await writeFile(world.at("empty.bin"), "");
    await writeFile(world.at("cut.bin"), whole.subarray(0, whole.length - 1000));
    await writeFile(world.at("other.bin"), torchZip(new Map([["classifier.weight", tensor(2, 3)]])));
    for (const [name, expected] of [
      ["missing.bin", /no such file/],
      ["empty.bin", /the file is empty/],
      ["cut.bin", /damaged|zip/],
      ["other.bin", /there is no tensor adapter\.0\.down_project\.weight/],
    ] as const) {
      const line = await refused((out) => ["import", world.at(name), "--out", out]);
      expect(line).toMatch(expected);
      expect(line).toContain(world.at(name));
    }
  });

  test("and inspect says in one line what it does not know", async () => {
    for (const name of ["missing.bin", "empty.bin", "cut.bin", "evil.bin"]) {
      expect(expectComplaint(await kadapter(["inspect", world.at(name), "--json"]))).toContain(world.at(name));
    }
  });
});
