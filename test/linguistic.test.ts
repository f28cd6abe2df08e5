/** Linguistic adapters on the command line: trained, resumed, measured, used, and beside which nothing changes. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adapterBits, expectComplaint, json, kadapter, kadapterProcess, makeWorld, type World } from "./support.js";
import { writeTrees } from "./tree-data.js";

let world: World;
let train: string;
let dev: string;
beforeAll(async () => {
  world = await makeWorld();
  train = await writeTrees(world.at("train.conllu"), 0, 96);
  dev = await writeTrees(world.at("dev.conllu"), 96, 32);
});
afterAll(() => world.remove());

const options = (out: string, ...more: (string | number)[]) => [
  ...["pretrain", "linguistic", "--backbone", world.backbone, "--train", train, "--dev", dev, "--out", world.at(out)],
  ...["--layers", "0,1,3", "--adapter-size", 16, "--adapter-heads", 2, "--transformer-layers", 1, "--arc-size", 16],
  ...["--epochs", 2, "--batch-size", 16, "--learning-rate", 0.003, "--threads", 1, ...more],
];

const rate = expect.toSatisfy((value: number) => value >= 0 && value <= 1, "a fraction");

describe("pretrain linguistic", () => {
  test("trains, and eval measures what it reported", async () => {
    const gz = world.at("train.conllu.gz");
    await writeFile(gz, gzipSync(await readFile(train)));
    const result = await json(options("first", "--las", "--train", gz, "--epochs", 12));
    expect(result).toMatchObject({
      reason: "completed",
      uas: rate,
      uasNoPunct: rate,
      las: rate,
      backboneUnchanged: true,
    });
    // Files add up.
    expect(result).toMatchObject({ trainExamples: 192, devExamples: 32, skipped: 0 });
    const { uas, las } = result;
    // Even a random model knows something of order; by chance a word's head is right once in a sentence's length.
    expect(uas).toBeGreaterThan(0.3);
    const measured = await json(["eval", "--adapter", world.at("first"), "--data", dev]);
    expect(measured).toMatchObject({ uas, las, sentences: 32, skipped: 0 });
    const both = await json(["eval", "--adapter", world.at("first"), "--data", dev, train]);
    expect(Object.keys(both["perFile"] as object)).toEqual([dev, train]);
    expect((both["perFile"] as Record<string, object>)[dev]).toMatchObject({ uas, las, sentences: 32 });
    expect((await json(["verify", world.at("first")]))["ok"]).toBe(true);
    const run = await kadapter(["eval", "--adapter", world.at("first"), "--data", dev, "--tree"]);
    expect(run.stdout).toMatch(
      /^file +UAS +no punct +LAS +no punct +sentences +words\n[^\n]+\nUAS [^\n]+ 0 skipped\n$/,
    );
  });

  test.each<[string, (string | number)[]]>([
    ["official", ["--head", "official"]],
    ["official-alignment", ["--head", "official", "--alignment", "official", "--no-mask-padding"]],
    ["bce", ["--loss", "bce"]],
    ["last", ["--features", "last"]],
    ["taps", ["--features", "taps"]],
  ])("%s can be trained and measured", async (name, more) => {
    const { uas } = await json(options(name, "--epochs", 1, ...more));
    expect(await json(["eval", "--adapter", world.at(name), "--data", dev])).toMatchObject({ uas, sentences: 32 });
  });

  test("holds out a tenth where no trees for evaluation are given, and says so", async () => {
    const given = options("alone", "--max-steps", 2);
    given.splice(given.indexOf("--dev"), 2);
    const run = await kadapter([...given, "--json"]);
    expect(run.stderr).toContain("--dev is not given: 10 of 96 training examples are held out for evaluation\n");
    const heldOut = { examples: 10, of: 96, together: false };
    expect(JSON.parse(run.stdout)).toMatchObject({ devExamples: 10, trainExamples: 86, heldOut });
    const config = JSON.parse(await readFile(world.at("alone", "adapter_config.json"), "utf8")) as { recipe: object };
    expect(config.recipe).toMatchObject({ heldOut });
  });

  test("a frozen adapter stays as the seed made it, and its head learns", async () => {
    const { uas } = await json(options("frozen", "--freeze-adapter"));
    await json(options("frozen-less", "--freeze-adapter", "--max-steps", 1));
    const [more, less] = [await adapterBits(world.at("frozen")), await adapterBits(world.at("frozen-less"))];
    expect(more["adapter_model.safetensors"]).toBe(less["adapter_model.safetensors"]);
    expect(more["head.safetensors"]).not.toBe(less["head.safetensors"]);
    expect(await json(["eval", "--adapter", world.at("frozen"), "--data", dev])).toMatchObject({ uas });
  });

  test("goes on after a stop to the same bits, and leaves a factual adapter as it is", async () => {
    await json(world.training(world.at("facts"), "--epochs", 1));
    const before = await adapterBits(world.at("facts"));
    const steps = ["--epochs", 3, "--save-every", 2, "--las", "--dropout", 0.2];
    await json(options("straight", ...steps));
    const killed = options("killed", ...steps, "--resume");
    await kadapterProcess(killed, {
      onStderr: (soFar, child) => {
        if (soFar.includes("saved")) child.kill("SIGKILL");
      },
    });
    await json(killed);
    expect(await adapterBits(world.at("killed"))).toEqual(await adapterBits(world.at("straight")));
    expect(await adapterBits(world.at("facts"))).toEqual(before);
  });
});

describe("predict", () => {
  test("writes trees as CoNLL-U that eval finds right", async () => {
    const out = world.at("heads.conllu");
    const adapter = world.at("first");
    const result = await json(["predict", "--adapter", adapter, "--data", dev, "--out", out]);
    expect(result).toMatchObject({ examples: 32, skipped: 0, out });
    const [given, told] = [await readFile(dev, "utf8"), await readFile(out, "utf8")];
    const without = (text: string) => text.split("\n").map((line) => line.split("\t").slice(0, 6).join("\t"));
    expect(without(told)).toEqual(without(given));
    const measured = await json(["eval", "--adapter", adapter, "--data", out, "--tree"]);
    expect(measured).toMatchObject({ uas: 1, las: 1, sentences: 32 });
  });

  test("takes a sentence from the command line", async () => {
    const result = await json(["predict", "--adapter", world.at("first"), "--text", "Paris is in France."]);
    const [{ words }] = result["predictions"] as [{ words: { form: string; head: number }[] }];
    expect(words.map(({ form }) => form)).toEqual(["Paris", "is", "in", "France", "."]);
    const run = await kadapter(["predict", "--adapter", world.at("first"), "--text", "Paris is in France."]);
    expect(run.stdout.trim().split("\n")).toHaveLength(6);
  });
});

describe("bad input", () => {
  const row = (id: number, head: number) => [id, "word", "_", "X", "_", "_", head, "dep", "_", "_"].join("\t");
  const broken = {
    cycle: [row(1, 0), row(2, 3), row(3, 2)],
    "no-root": [row(1, 2), row(2, 1)],
    range: [row(1, 0), row(2, 9)],
  };

  test.each(Object.entries(broken))("%s: one line that names file and line, or a counted skip", async (name, lines) => {
    const file = world.at(`${name}.conllu`);
    await writeFile(file, `${lines.join("\n")}\n\n${await readFile(dev, "utf8")}`);
    const line = expectComplaint(await kadapter(options("refused", "--dev", file)));
    expect(line).toMatch(new RegExp(`${name}\\.conllu:\\d: .*--broken-trees skip`));
    const evaluate = ["eval", "--adapter", world.at("first"), "--data", file];
    expect(expectComplaint(await kadapter(evaluate))).toContain(`${name}.conllu:`);
    expect(await json([...evaluate, "--broken-trees", "skip"])).toMatchObject({ sentences: 32, skipped: 1 });
  });

  test("options that contradict each other, and other data", async () => {
    const official = options("refused", "--head", "official", "--las");
    expect(expectComplaint(await kadapter(official))).toMatch(/the official head tells no relations/);
    expect(expectComplaint(await kadapter(options("refused", "--train", world.train)))).toMatch(/no dependency trees/);
    const facts = ["eval", "--adapter", world.at("first"), "--data", world.test];
    expect(expectComplaint(await kadapter(facts))).toMatch(/test\.jsonl: the file holds no dependency trees/);
  });
});

test("sentences that are too long are counted", async () => {
  const file = world.at("long.conllu");
  const rows = Array.from({ length: 200 }, (_, i) =>
    [i + 1, "word", "_", "X", "_", "_", i, "dep", "_", "_"].join("\t"),
  );
  await writeFile(file, `${rows.join("\n")}\n\n${await readFile(dev, "utf8")}`);
  const args = ["--adapter", world.at("first"), "--data", file];
  expect(await json(["eval", ...args])).toMatchObject({ sentences: 32, skippedBy: { "sentence-too-long": 1 } });
  const run = await kadapter(["predict", ...args]);
  expect(run.stdout).toMatch(/^# skipped = sentence-too-long\n1\tword\t_\tX\t_\t_\t_\t_/);
});

test("inspect counts sentences, words and relations", async () => {
  const trees = await json(["inspect", dev]);
  expect(trees).toMatchObject({ kind: "data", sentences: 32, skipped: {} });
  expect(trees["words"]).toBeGreaterThan(trees["wordsNoPunct"] as number);
  const examples = await json(["inspect", "examples/data/find-head.json", "--format", "find-head"]);
  expect(examples).toMatchObject({ sentences: 1, words: 4, relations: [] });
});

test("an adapter's folder names its task", async () => {
  const config: unknown = JSON.parse(await readFile(join(world.at("first"), "adapter_config.json"), "utf8"));
  expect(config).toMatchObject({
    task: { name: "head-prediction", labels: ["dep", "punct", "root"], options: { head: "biaffine", arcSize: 16 } },
  });
});
