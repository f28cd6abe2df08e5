/** Predictions in parts, which put together are what one process writes. */
import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectComplaint, json, kadapter, makeWorld, type World } from "./support.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

test("the parts' files in the order of their names are the whole's bytes", async () => {
  const adapter = world.at("adapter");
  await json(world.training(adapter, "--max-steps", 1));
  const predict = (out: string, ...more: string[]) =>
    json([
      "predict",
      adapter,
      "--data",
      world.train,
      "--batch-size",
      1,
      "--threads",
      1,
      "--out",
      world.at(out),
      ...more,
    ]);
  const whole = await predict("whole.jsonl");
  // 64 examples are computed together, so that one of the three parts has none.
  const parts = [
    await predict("part", "--part", "2/3"),
    await predict("part", "--part", "0/3"),
    await predict("part", "--part", "1/3"),
  ];
  expect(parts.map(({ examples }) => examples).sort()).toEqual([0, 32, 64]);
  expect(whole["examples"]).toBe(96);
  const names = (await readdir(world.folder)).filter((name) => name.startsWith("part.")).sort();
  expect(names).toEqual(["part.00000-of-00003", "part.00001-of-00003", "part.00002-of-00003"]);
  const texts = await Promise.all(names.map((name) => readFile(world.at(name), "utf8")));
  expect(texts.join("")).toBe(await readFile(world.at("whole.jsonl"), "utf8"));
});

test("one sentence has no parts", async () => {
  const run = await kadapter(["predict", "x", "--text", "a b", "--part", "0/2"]);
  expect(expectComplaint(run)).toMatch(/--part is given for one sentence; expected files of examples as --data/);
});
