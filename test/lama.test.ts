import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openAdapters } from "../src/adapters/opened-adapter.js";
import { readLama } from "../src/data/lama.js";
import { inProbedFifth } from "../src/data/lama-filters.js";
import { demoExamples } from "../src/demo/examples.js";
import type { Executor } from "../src/engine/executor.js";
import { backboneIdentity, openBackbone } from "../src/features/backbone-handle.js";
import { MaskedTexts } from "../src/lm/masked-texts.js";
import { collectTextBlocks } from "../src/lm/text-blocks.js";
import { AnswerTokens, clozeOf } from "../src/probing/answers.js";
import { scoreAnswers } from "../src/probing/candidates.js";
import { ClozeModel } from "../src/probing/cloze-model.js";
import { probeLama } from "../src/probing/lama.js";
import { localExecutor } from "../src/runtime/local.js";
import { floatsOf } from "../src/tensor.js";
import { noSkips } from "../src/testing/no-skips.js";
import { expectClose } from "../src/testing/small-backbones.js";
import { loadTokenizer } from "../src/text/tokenizer.js";
import { openSafetensors } from "../src/weights/safetensors.js";
import { adapterBits, expectComplaint, json, kadapter, kadapterProcess, makeWorld, type World } from "./support.js";

let world: World;
let text = "";
/** Words that are one token, and one that is several. */
let words: readonly string[] = [];
const long = "Zyxwvutsrq";

beforeAll(async () => {
  world = await makeWorld();
  const sentences = demoExamples("train").map((example) => example.text);
  text = world.at("text.txt");
  await writeFile(text, sentences.slice(0, 300).join("\n"));
  const tokens = new AnswerTokens(await loadTokenizer(world.backbone));
  const all = [...new Set(sentences.flatMap((sentence) => sentence.match(/[A-Za-z]+/g) ?? []))];
  words = all.filter((word) => tokens.single(word) !== undefined).slice(0, 12);
  expect(words.length).toBeGreaterThan(3);
  expect(tokens.ids(long).length).toBeGreaterThan(1);
  await writeLama();
  await json(world.training(world.at("facts"), "--epochs", 1));
});
afterAll(() => world.remove());

const subject = (i: number) => `Subject Number ${i}`;

/** Twenty facts of one relation, one of them with a long answer, one with the answer in the subject. */
async function writeLama(): Promise<void> {
  await mkdir(world.at("lama", "TREx"), { recursive: true });
  await mkdir(world.at("lama", "pararel_patterns"), { recursive: true });
  const facts = Array.from({ length: 18 }, (_, i) => [subject(i), words[i % words.length]]);
  facts.push(["Somebody", long], [`The ${words[0]} itself`, words[0]]);
  const lines = facts.map(([sub_label, obj_label], i) => JSON.stringify({ sub_label, obj_label, sub_uri: `Q${i}` }));
  await writeFile(world.at("lama", "TREx", "P19.jsonl"), lines.join("\n"));
  const template = { relation: "P19", template: "[X] was born in [Y] ." };
  await writeFile(world.at("lama", "relations.jsonl"), JSON.stringify(template));
  const patterns = [{ pattern: "[X] was born in [Y]." }, { pattern: "[Y] is where [X] was born." }];
  const file = world.at("lama", "pararel_patterns", "P19.jsonl");
  await writeFile(file, patterns.map((one) => JSON.stringify(one)).join("\n"));
}

const train = (out: string, ...more: (string | number)[]) => [
  ...["probe", "train-head", "--backbone", world.backbone, "--train", text, "--dev", text, "--out", world.at(out)],
  ...["--max-length", 32, "--epochs", 3, "--batch-size", 16, "--learning-rate", 0.01, "--threads", 1, ...more],
];
const facts = () => ["--adapter", `facts=${world.at("facts")}`];
const probe = (...more: (string | number)[]) => [
  ...["probe", "lama", "--data", world.at("lama"), "--heads", world.at("heads"), "--threads", 1, ...more],
];

type Scores = Record<string, { p1: number; mrr: number; questions: number }>;
interface Report {
  macro: Scores;
  facts: number;
  skipped: Record<string, number>;
  relations: { relation: string; answers: number; consistency?: Record<string, { consistency: number }> }[];
}
const trex = async (...more: (string | number)[]) => (await json(probe(...more)))["trex"] as Report;

describe("probe train-head", () => {
  test("learns more than chance beside a backbone and an adapter that stay as they are", async () => {
    const before = await adapterBits(world.at("facts"));
    const { sets } = (await json(train("heads", ...facts()))) as { sets: Record<string, { perplexity: number }> };
    expect(Object.keys(sets)).toEqual(["none", "facts"]);
    for (const { perplexity } of Object.values(sets)) expect(perplexity).toBeLessThan(500);
    expect(await adapterBits(world.at("facts"))).toEqual(before);
    expect((await json(["verify", world.at("facts")]))["ok"]).toBe(true);
  });

  test("starts from the words' frequencies", async () => {
    const steps = ["--max-steps", 1, "--learning-rate", 1e-9, "--sets", "none"];
    await json(train("fresh", ...steps));
    const source = await openSafetensors(world.at("fresh", "none", "head.safetensors"));
    const bias = floatsOf({ bias: await source.read("bias") }, "bias");
    await source.close();
    expect(bias.reduce((sum, one) => sum + Math.exp(one), 0)).toBeCloseTo(1, 4);
    const tokenizer = await loadTokenizer(world.backbone);
    const [often, never] = [tokenizer.encode(".").ids[0], tokenizer.specials.mask];
    expect(bias[often as number]).toBeGreaterThan((bias[never as number] as number) + 2);
  });

  test("goes on after a stop to the same bits", async () => {
    const more = ["--sets", "facts", ...facts(), "--save-every", 2];
    const killed = train("killed", ...more, "--resume");
    await kadapterProcess(killed, {
      onStderr: (soFar, child) => {
        if (soFar.includes("saved")) child.kill("SIGKILL");
      },
    });
    await json(killed);
    await json(train("straight", ...more));
    const [a, b] = ["killed", "straight"].map((name) => world.at(name, "facts", "head.safetensors"));
    expect((await readFile(a!)).equals(await readFile(b!))).toBe(true);
  });

  test("heads of another seed or set share what is kept of the same masks", async () => {
    const runs = [];
    for (const [seed, set] of [
      [1, "none"],
      [2, "facts"],
    ] as const) {
      const more = ["--sets", set, "--seed", seed, "--mask-seed", 5, "--mask-draws", 2, "--max-texts", 40];
      runs.push(await kadapter(train(`seed-${seed}`, ...facts(), ...more)));
    }
    const kept = runs.map(({ stderr }) => /states are cached in (\S+)/.exec(stderr)?.[1] as string);
    expect(kept[1]).toBe(kept[0]);
    const shards = (await readdir(kept[0] as string)).filter((name) => name.startsWith("shard"));
    const [first] = await Promise.all(shards.map((name) => stat(`${kept[0]}/${name}`)));
    expect(shards.length).toBe(1);
    // It was not written again when the second head was trained.
    const second = await stat(world.at("seed-2", "facts", "lm_head_config.json"));
    const before = await stat(world.at("seed-1", "none", "lm_head_config.json"));
    expect(first?.mtimeMs).toBeLessThan(before.mtimeMs);
    expect(before.mtimeMs).toBeLessThan(second.mtimeMs);
  });

  test("what is kept is what a model computes, for each draw of the masks", async () => {
    const backbone = await openBackbone(world.backbone);
    const adapters = await openAdapters([{ name: "facts", folder: world.at("facts") }], backboneIdentity(backbone));
    const blocks = await collectTextBlocks([text], backbone.tokenizer, { maxLength: 32, limit: 12 });
    const data = { train: blocks.slice(0, 8), dev: blocks.slice(8) };
    const executor = await localExecutor({ device: "cpu", threads: 1 });
    const own = { backbone, adapters, maxLength: 32, masking: { seed: 3 }, draws: 2, cacheLimit: 2 ** 20 };
    const cached = await MaskedTexts.open(executor, { ...own, cache: world.at("masked") }, data);
    const fresh = await MaskedTexts.open(executor, { ...own, cache: null }, data);
    expect([cached.cached, fresh.cached]).toEqual([true, false]);
    for (const epoch of [0, 1, 2]) {
      const both = [cached, fresh].map((texts) => texts.train.slice(2, 5).map((one) => texts.drawn(one, epoch)));
      expect(both[0]).toEqual(both[1]);
      const [a, b] = await Promise.all([cached.vectors(both[0]!, ["facts"]), fresh.vectors(both[1]!, ["facts"])]);
      expectClose(a as Float32Array, b as Float32Array);
      expect(a?.length).toBe(both[0]!.reduce((sum, { text: { positions } }) => sum + positions.length, 0) * 2 * 32);
    }
    const [first, again, other] = [0, 2, 1].map((epoch) => cached.drawn(cached.train[0]!, epoch).text.positions);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    for (const texts of [cached, fresh]) await texts.close();
    await executor.close();
  });

  test("says what is wrong", async () => {
    expect(expectComplaint(await kadapter(train("x", "--sets", "trees", ...facts())))).toMatch(/no adapter "trees"/);
    expect(expectComplaint(await kadapter(train("x", "--adapter", "facts")))).toMatch(/NAME=DIR/);
    expect(expectComplaint(await kadapter(train("x", "--max-length", 5000)))).toMatch(/more than the backbone/);
  });
});

describe("probe lama", () => {
  test("asks each set of adapters, and counts what it leaves out", async () => {
    const report = await trex();
    expect(Object.keys(report.macro)).toEqual(["facts", "none"]);
    expect(report).toMatchObject({ facts: 20, skipped: { "not-a-single-token": 1 } });
    for (const { questions, mrr } of Object.values(report.macro)) {
      expect(questions).toBe(19);
      expect(mrr).toBeGreaterThan(0);
    }
    expect(Object.keys((await trex("--sets", "none")).macro)).toEqual(["none"]);
  });

  test("a vocabulary, typed answers, answers of several tokens, UHN, paraphrases", async () => {
    await writeFile(world.at("vocabulary.txt"), words.slice(1).join("\n"));
    const common = await trex("--vocabulary", world.at("vocabulary.txt"));
    expect(common.relations[0]?.answers).toBe(words.length - 1);
    expect(common.skipped["not-in-the-vocabulary"]).toBeGreaterThan(0);
    const typed = await trex("--answers", "objects");
    expect(typed.relations[0]?.answers).toBe(words.length);
    const multi = await trex("--answers", "objects", "--multi-token");
    expect(multi.relations[0]?.answers).toBe(words.length + 1);
    expect(multi.macro["none"]?.questions).toBe(20);
    expect((await trex("--uhn", "full")).skipped).toMatchObject({ "answer-in-subject": 1 });
    const same = (await trex("--consistency")).relations[0]?.consistency?.["none"]?.consistency;
    expect(same).toBeGreaterThanOrEqual(0);
    expect(same).toBeLessThanOrEqual(1);
  });

  test("a fifth of the subjects and the rest are all; training data can be cleaned of the fifth", async () => {
    const [fifth, rest] = [await trex("--subjects", "fifth"), await trex("--subjects", "rest")];
    expect((fifth.macro["none"]?.questions ?? 0) + (rest.macro["none"]?.questions ?? 0)).toBe(19);
    const lines = Array.from({ length: 18 }, (_, i) => `It says that ${subject(i)} was there.`);
    const [raw, clean] = [world.at("raw.txt"), world.at("clean.txt")];
    await writeFile(raw, lines.join("\n"));
    const counts = await json(["probe", "filter", "--data", world.at("lama"), "--in", raw, "--out", clean]);
    const kept = lines.filter((_, i) => !inProbedFifth(subject(i)));
    expect(counts).toMatchObject({ kept: kept.length, dropped: 18 - kept.length });
    expect((await readFile(clean, "utf8")).trim().split("\n")).toEqual(kept);
  });
});

/** Everything once more, one text at a time and without this project's ranking. */
describe("against a slow computation", () => {
  let executor: Executor;
  let model: ClozeModel;
  beforeAll(async () => {
    executor = await localExecutor({ device: "cpu", threads: 1 });
    model = await ClozeModel.open(executor, { heads: [world.at("heads")] });
  });
  afterAll(async () => {
    await model.close();
    await executor.close();
  });

  /** log p of a token at a position, for a set. */
  async function logProbability(set: number, inputIds: readonly number[], position: number, token: number) {
    let found = Number.NaN;
    await model.ask([{ inputIds, position }], 1, (which, _text, logits) => {
      if (which !== set) return;
      const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
      found = Math.log(Math.exp(logits[token] as number) / sum);
    });
    return found;
  }

  const mask = () => model.tokenizer.specials.mask as number;
  const idsOf = (word: string) => model.tokenizer.encode(` ${word}`).ids;

  /** Of an answer in place of a sentence's mask: each of its tokens is hidden while the others stand there. */
  async function score(set: number, sentence: string, word: string): Promise<number> {
    const [before = "", after = ""] = sentence.split("[MASK]");
    const around = [model.tokenizer.encode(before.trimEnd()).ids, model.tokenizer.encode(after).ids] as const;
    const answer = idsOf(word);
    let sum = 0;
    for (const [i, token] of answer.entries()) {
      const shown = answer.map((id, j) => (i === j ? mask() : id));
      const whole = model.tokenizer.withSpecials([...around[0], ...shown, ...around[1]]);
      sum += await logProbability(set, whole, whole.indexOf(mask()), token);
    }
    return sum;
  }

  test("an answer's score is the sum over its tokens, each hidden alone", async () => {
    const sentence = `${subject(3)} was born in [MASK].`;
    const answers = [words[0] as string, long, `${words[1]} ${words[2]}`];
    const found = await scoreAnswers(model, [clozeOf(sentence, model.tokenizer)], answers.map(idsOf), 5);
    for (const [set] of model.names.entries()) {
      for (const [i, word] of answers.entries()) {
        expect(found[set]?.[0]?.[i]).toBeCloseTo(await score(set, sentence, word), 3);
      }
    }
  });

  test("ranks among the objects, and the consistency over paraphrases", async () => {
    const [relation] = await readLama(world.at("lama"), "trex", { onSkip: noSkips });
    const facts = relation!.facts.slice(12, 20);
    const asked = { ...relation!, facts };
    const options = { answers: "objects", uhn: "off", subjects: "all", consistency: true, batchSize: 6 } as const;
    const report = await probeLama(model, [asked], { ...options, multiToken: true });
    const single = await probeLama(model, [asked], { ...options, multiToken: false });
    const objects = [...new Set(facts.map(({ object }) => object))];
    for (const [set, name] of model.names.entries()) {
      const reciprocals = [];
      for (const fact of facts) {
        const scores = new Map<string, number>();
        for (const object of objects)
          scores.set(object, await score(set, `${fact.subject} was born in [MASK] .`, object));
        const right = scores.get(fact.object) as number;
        reciprocals.push(1 / (1 + [...scores.values()].filter((other) => other > right).length));
      }
      const mean = reciprocals.reduce((sum, one) => sum + one, 0) / facts.length;
      expect(report.macro[name]?.mrr).toBeCloseTo(mean, 6);
      let [same, pairs] = [0, 0];
      for (const { subject: who, object } of facts) {
        if (idsOf(object).length > 1) continue;
        const firsts = [];
        for (const pattern of relation!.patterns) {
          const sentence = pattern.replace("[X]", who).replace("[Y]", "[MASK]");
          const ranked = [];
          for (const one of objects)
            if (idsOf(one).length === 1) ranked.push([await score(set, sentence, one), one] as const);
          firsts.push(ranked.sort((a, b) => b[0] - a[0])[0]?.[1]);
        }
        pairs++;
        if (firsts[0] === firsts[1]) same++;
      }
      expect(single.consistency?.[name]?.consistency).toBeCloseTo(same / pairs, 6);
    }
  });
});

describe("fill", () => {
  const fill = (given: string, ...more: (string | number)[]) => ["fill", given, "--heads", world.at("heads"), ...more];

  test("names words for each set side by side", async () => {
    const { sets } = (await json(fill("She was born in [MASK].", "--top", 3))) as { sets: Record<string, object[]> };
    expect(Object.keys(sets)).toEqual(["facts", "none"]);
    for (const found of Object.values(sets)) expect(found).toHaveLength(3);
    const run = await kadapter(fill("She was born in <mask>."));
    expect(run.stdout).toMatch(/^facts +none\n/);
  });

  test("ranks candidates of one token and of several", async () => {
    const args = fill("She was born in [MASK].", "--candidates", `${words[0]},${long}`);
    const { sets } = (await json(args)) as { sets: Record<string, { word: string; probability: number }[]> };
    for (const found of Object.values(sets)) {
      expect(found.map(({ word }) => word).sort()).toEqual([words[0], long].sort());
      expect(found.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
    }
  });

  test("answers several masks together, in each set, as lines of its own", async () => {
    const { stdout } = await kadapter(fill("[MASK] was born in [MASK] [MASK].", "--top", "2"));
    expect(stdout.split("\n")).toHaveLength(4);
    const { sets } = (await json([...fill("[MASK] was born in [MASK] [MASK].", "--top", "2")])) as {
      sets: Record<string, { parts: string[] }[]>;
    };
    for (const found of Object.values(sets)) expect(found.map(({ parts }) => parts.length)).toEqual([2, 2]);
  });

  test.each([
    ["no mask", ["She was born."], /no mask/],
    ["two masks beside candidates", ["[MASK] was born in [MASK].", "--candidates", "Paris"], /2 masks; expected one/],
    ["two masks of any length", ["[MASK] was born in [MASK].", "--tokens", "2"], /^error: --tokens: .* 2 masks/],
    ["candidates of some length", ["A [MASK].", "--candidates", "Paris", "--tokens", "2"], /either it or --candidates/],
    ["too many masks", ["[MASK] ".repeat(33)], /33 masks; expected at most 32/],
    ["an unknown adapter", ["A [MASK].", "--adapter", "trees=somewhere"], /no head reads an adapter "trees"/],
    ["an empty candidate", ["A [MASK].", "--candidates", "Paris,,Rome"], /--candidates.*words such as Paris,New York/],
    ["an unknown set", ["A [MASK].", "--sets", "trees"], /no head for "trees"; expected one of facts, none/],
  ])("%s is one clear line", async (_, args, message) => {
    expect(expectComplaint(await kadapter(fill(args[0] as string, ...args.slice(1))))).toMatch(message);
  });

  test("a backbone without a head of its own is one clear line", async () => {
    const run = await kadapter(["fill", "A [MASK].", "--backbone", world.backbone]);
    expect(expectComplaint(run)).toMatch(/no masked-language-model head; train one/);
  });
});
