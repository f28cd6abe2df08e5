/** Whole experiments on a tiny model: tables, resumed runs, and what must not change. */
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectComplaint, json, kadapter, makeWorld, type World } from "./support.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

const rate = expect.toSatisfy((value: number) => value >= 0 && value <= 1, "a fraction");

const small = () => [
  ...["--layers", "0,1,3", "--adapter-size", 16, "--adapter-heads", 2, "--transformer-layers", 1, "--max-length", 64],
  ...["--batch-size", 16, "--epochs", 1, "--threads", 2],
];

describe("experiment transfer", () => {
  const options = (...more: (string | number)[]) => [
    ...["experiment", "transfer", "--backbone", world.backbone, "--train", world.train, world.test],
    ...["--far-train", world.dev, "--far-test", world.dev, "--out", world.at("transfer"), ...small()],
    ...["--rows", "last,taps,taps-sum,random,random-official,shuffled-contrastive,classification,own-output,contrastive"],
    ...["--seeds", "1,2", "--unseen", 4, "--ways", 4, "--shots", "1,2", "--queries", 2, "--episodes", 20],
    ...["--per-class", "1,all", "--relations", "8,all", "--sentences", 24, "--contrast-batch-size", 24, ...more],
  ];
  const cells = () => world.at("transfer", "cells");

  test("measures every row at every measure, and finds what is finished", async () => {
    const first = await json(options());
    expect(first["measures"]).toEqual(["unseen 4-way 1-shot", "unseen 4-way 2-shot", "far 1 a class", "far all"]);
    expect(first["sets"]).toMatchObject([
      { relations: 8, train: 24 },
      { relations: 12, train: 24 },
    ]);
    // Three rows of states; two random ones and four pre-trained ones on two numbers of relations, by two views.
    const lines = first["lines"] as { name: string; scores: Record<string, object> }[];
    expect(lines).toHaveLength(3 + 2 * 2 + 4 * 2 * 2);
    for (const { scores } of lines) {
      for (const score of Object.values(scores)) expect(score).toMatchObject({ mean: rate, seeds: 2 });
    }
    const page = await readFile(world.at("transfer", "transfer.md"), "utf8");
    expect(page).toMatch(/^\| F, contrastive, 8 relations: o \| \d+\.\d ± \d+\.\d \|/m);
    expect(page).toMatch(/^- unseen 4-way 1-shot: .+best control: /m);

    const names = await readdir(cells());
    const before = await Promise.all(names.map(async (name) => (await stat(`${cells()}/${name}`)).mtimeMs));
    const [gone] = names.filter((name) => name.startsWith("contrastive.all-relations.seed-2.far-all"));
    await rm(`${cells()}/${gone}`);
    const again = await json(options());
    expect(again).toEqual(first);
    const changed = names.filter((name) => name !== gone);
    const after = await Promise.all(changed.map(async (name) => (await stat(`${cells()}/${name}`)).mtimeMs));
    expect(after).toEqual(before.filter((_, i) => names[i] !== gone));
    expect(await readdir(cells())).toEqual(names);
  });

  test("does not mix results of different settings, and refuses what cannot be", async () => {
    const other = await kadapter(options("--episodes", 21));
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/error: .*unseen-4-way-1-shot\.json: the result was made with other settings/);
    const path = `${cells()}/last.seed-1.far-all.json`;
    await writeFile(path, "{");
    const broken = await kadapter(options());
    expect(broken.stderr).toMatch(/error: .*last\.seed-1\.far-all\.json: not a result of an experiment/);
    const none = options("--out", world.at("none"));
    expect(expectComplaint(await kadapter([...none, "--rows", "best"]))).toMatch(/--rows: \["best"\]|--rows: "best"/);
    expect(expectComplaint(await kadapter([...none, "--unseen", 16]))).toMatch(/16 of 16 relations leave none/);
    expect(expectComplaint(await kadapter([...none, "--unseen", "nothing,else"]))).toMatch(/no relation nothing/);
    expect(expectComplaint(await kadapter([...none, "--relations", 13]))).toMatch(/only 12 relations to learn, not 13/);
  });
});
