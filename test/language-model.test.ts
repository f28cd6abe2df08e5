/** Whole language models, trained from the command line: learning, killing, resuming, and what is written. */
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoExamples } from "../src/demo/examples.js";
import { expectComplaint, json, kadapter, makeWorld, sha256, stopAt, type World } from "./support.js";

let world: World;
let text = "";
beforeAll(async () => {
  world = await makeWorld();
  text = world.at("text.txt");
  const sentences = demoExamples("train").map((example) => example.text);
  await writeFile(text, sentences.slice(0, 600).join("\n"));
});
afterAll(() => world.remove());

const train = (out: string, ...more: (string | number)[]) => [
  ...["pretrain", "lm", "--train", text, "--dev-texts", 20, "--out", world.at(out), "--layers", 1, "--heads", 2],
  ...["--hidden-size", 32, "--vocab-size", 500, "--max-length", 32, "--batch-size", 8, "--epochs", 2],
  ...["--dropout", 0.1, "--seed", 3, "--threads", 1, ...more],
];
const bits = async (out: string) => sha256(await readFile(world.at(out, "model.safetensors")));

interface Scores {
  readonly perplexity: number;
  readonly accuracy: number;
}
type Report = { readonly dev: Readonly<Record<string, Scores>>; readonly tokens: number };

describe("a language model from scratch", () => {
  test.each(["roberta", "gpt2"])("%s: learns more than its start, and is a model like any other", async (kind) => {
    const out = `new-${kind}`;
    const first = (await json(train(`${out}-1`, "--model-type", kind, "--max-steps", 1))) as unknown as Report;
    const report = (await json(train(out, "--model-type", kind, "--epochs", 8))) as unknown as Report;
    expect(report.tokens).toBeGreaterThan(10 * first.tokens);
    expect(Object.keys(report.dev).sort()).toEqual(["bigram", "model", "unigram"]);
    expect(report.dev["model"]?.perplexity).toBeLessThan(0.8 * (first.dev["model"]?.perplexity ?? 0));
    expect(report.dev["model"]?.perplexity).toBeLessThan(report.dev["unigram"]?.perplexity ?? 0);
    const look = await json(["inspect", world.at(out)]);
    expect(JSON.stringify(look)).toContain(kind);
    const card = await readFile(world.at(out, "README.md"), "utf8");
    expect(card).toContain(report.dev["model"]?.perplexity.toFixed(1));
    const facts = world.training(world.at(`${out}-facts`), "--backbone", world.at(out), "--layers", "0,1");
    await json([...facts, "--max-length", 32]);
  });

  test("killed and resumed ends with the same bits; goes on from its folder", async () => {
    await json(train("straight", "--save-every", 4));
    await stopAt(9, "SIGKILL", train("killed", "--save-every", 4), world.at("killed"));
    const other = await kadapter(train("killed", "--save-every", 4, "--resume", "--vocab-size", 600));
    expect(expectComplaint(other)).toContain("vocabSize was 500, is 600");
    await json(train("killed", "--save-every", 4, "--resume"));
    expect(await bits("killed")).toBe(await bits("straight"));
    const more = ["pretrain", "lm", "--backbone", world.at("straight"), "--train", text, "--dev-texts", 20];
    await json([...more, "--out", world.at("further"), "--max-length", 32, "--max-steps", 3, "--threads", 1]);
    expect(await bits("further")).not.toBe(await bits("straight"));
  });

  test("refuses heads that do not fit, and too little text", async () => {
    expect(expectComplaint(await kadapter(train("odd", "--heads", 3)))).toContain("--heads");
    expect((await kadapter(train("few", "--dev-texts", 100000))).stderr).toMatch(/error: .*too few/);
  });
});
