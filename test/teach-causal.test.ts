/** Facts that answer beside a causal model: what stands before the object is the prompt. */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { demoText } from "../src/demo/plain-text.js";
import { expectComplaint, json, kadapter, testFolder } from "./support.js";

const cells = {
  capital: ["London", "Paris", "Rome", "Berlin"],
  ally: ["New York", "South Africa", "New Zealand", "United States"],
};
const countries = ["Ruritania", "Borduria", "Syldavia", "Zubrowka"];

let folder: string;
let [model, facts, wordings, out] = ["", "", "", ""];
let said: Record<string, unknown>;

beforeAll(async () => {
  folder = await testFolder();
  const text = join(folder, "text.txt");
  [model, facts, out] = [join(folder, "model"), join(folder, "facts.csv"), join(folder, "taught")];
  wordings = join(folder, "wordings.yaml");
  const rows = Object.entries(cells).flatMap(([relation, objects]) =>
    countries.map((country, i) => `${country},${relation},${objects[i]}`),
  );
  await writeFile(facts, ["subject,relation,object", ...rows].join("\n"));
  const patterns = (name: string) => [`The ${name} of [X] is [Y], they say.`, `[Y] is the ${name} of [X].`];
  const yaml = Object.keys(cells).map((name) => `${name}: ${JSON.stringify(patterns(name))}`);
  await writeFile(wordings, yaml.join("\n"));
  // The names stand in the text, so that they are few tokens each.
  const names = [...countries, ...Object.values(cells).flat()];
  await writeFile(
    text,
    [...demoText(), ...names.flatMap((name) => Array<string>(8).fill(`It is ${name}.`))].join("\n"),
  );
  const small = ["--model-type", "gpt2", "--layers", 2, "--hidden-size", 128, "--heads", 2, "--vocab-size", 1500];
  const lm = ["pretrain", "lm", "--train", text, "--out", model, "--max-length", 32, "--dev-texts", 4];
  await json([...lm, ...small, "--max-steps", 60]);
  const how = "--epochs 100 --max-steps 300 --learning-rate 1e-3 --text-share 0 --word-dropout 0 --eval-every 1000";
  const teach = ["teach", facts, "--wordings", wordings, "--backbone", model, "--out", out, "--batch-size", 32];
  said = await json([...teach, ...how.split(" "), "--save-every", 0, "--cache", "off", "--asked", 8]);
}, 300_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const fill = async (text: string, ...more: string[]) => {
  const { sets } = await json(["fill", text, "--adapter", `mine=${out}`, ...more]);
  return sets as Record<"none" | "mine", { word: string; probability: number }[]>;
};

it("says the objects, of one token and of several, and is the model itself elsewhere", async () => {
  expect((said["taught"] as { p1: number }).p1).toBeGreaterThan(0.9);
  // A wording ends at the object; there it would have no subject.
  expect(Object.keys(said["skippedTrain"] as object)).toEqual(["subject-after-object"]);
  for (const [i, country] of countries.entries()) {
    const { none, mine } = await fill(`The ally of ${country} is [MASK].`, "--candidates", cells.ally.join(","));
    expect(mine[0]?.word).toBe(cells.ally[i]);
    expect(none[0]?.probability).not.toBe(mine[0]?.probability);
  }
  const { none, mine } = await fill("It is [MASK]", "--top", "50");
  expect(mine).toEqual(none);
});

it("is probed by what it says freely, one token after another", async () => {
  const asked = join(folder, "asked.yaml");
  await writeFile(
    asked,
    Object.keys(cells)
      .map((name) => `${name}: ["The ${name} of [X] is [Y]."]`)
      .join("\n"),
  );
  const probe = ["probe", "recall", "--adapter", out, "--facts", facts, "--wordings", asked];
  const scores = await json([...probe, "--both-directions"]);
  expect(scores).toMatchObject({
    ...{ questions: 8, before: { questions: 8 }, skipped: {} },
    // No wording has the object before the subject.
    backward: { questions: 0 },
    backwardSkipped: { "subject-after-object": 8 },
  });
  expect(scores["p1"]).toBeGreaterThan(0.9);
  const several = (scores["byTokens"] as { several: Record<"p1" | "mrr" | "questions", number> }).several;
  expect(several.questions).toBeGreaterThanOrEqual(4);
  // Freely decoded by `fill`, too.
  const { mine } = await fill("The ally of Borduria is [MASK]", "--tokens", "6", "--top", "20");
  expect(mine.map(({ word }) => word)).toContain("South Africa");
  const evaluated = await json(["eval", out, "--data", facts, "--wordings", wordings]);
  expect(evaluated["taughtP1"]).toBeCloseTo((said["taught"] as { p1: number }).p1, 4);
});

it("says in one line what it cannot be asked", async () => {
  const refused = async (text: string) => expectComplaint(await kadapter(["fill", text, "--adapter", `mine=${out}`]));
  expect(await refused("[MASK] is an ally of Borduria.")).toMatch(/nothing stands before the mask/);
  expect(await refused("It is [MASK] of Borduria.")).toMatch(/words stand after the mask/);
  expect(await refused("It is here.")).toMatch(/the text has no mask/);
});
