/** Whole experiments on a tiny model: tables, resumed runs, and what must not change. */
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { demoExamples } from "../src/demo/examples.js";
import { expectComplaint, json, kadapter, makeWorld, type World } from "./support.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

const rate = expect.toSatisfy((value: number) => value >= 0 && value <= 1, "a fraction");

const small = () => [
  ...["--layers", "0,1,3", "--adapter-size", 16, "--adapter-heads", 2, "--transformer-layers", 1, "--max-length", 64],
  ...["--batch-size", 16, "--epochs", 1, "--threads", 1],
];

describe("experiment transfer", () => {
  const controls = ["last", "taps", "taps-sum", "random", "random-official", "shuffled-contrastive"];
  const rows = [...controls, "permuted-contrastive", "classification", "own-output", "contrastive"];
  const options = (...more: (string | number)[]) => [
    ...["experiment", "transfer", "--backbone", world.backbone, "--train", world.train, world.test],
    ...["--far-train", world.dev, "--far-test", world.dev, "--out", world.at("transfer"), ...small()],
    ...["--rows", rows.join(",")],
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
    // Three rows of states; two random ones and five pre-trained ones on two numbers of relations, by two views.
    const lines = first["lines"] as { name: string; scores: Record<string, object> }[];
    expect(lines).toHaveLength(3 + 2 * 2 + 5 * 2 * 2);
    for (const { scores } of lines) {
      for (const score of Object.values(scores)) expect(score).toMatchObject({ mean: rate, seeds: 2 });
    }
    const page = await readFile(world.at("transfer", "transfer.md"), "utf8");
    expect(page).toMatch(/^\| F, contrastive, 8 relations: o \| \d+\.\d ± \d+\.\d \|/m);
    expect(page).toMatch(/^- unseen 4-way 1-shot: .+best control: /m);

    const names = await readdir(cells());
    expect(names.filter((name) => name.endsWith(".pretrained.json"))).toHaveLength(4 * 2 * 2);
    const scoresOf = (row: string) =>
      lines.find(({ name }) => name === `F, contrastive, ${row}all relations: o`)?.scores;
    expect(scoresOf("weights permuted, ")).not.toEqual(scoresOf(""));
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

describe("experiment continual", () => {
  /** Trees in which each word depends on the one before it. */
  const conllu = (texts: readonly string[]) =>
    texts
      .map((text) => {
        const words = text.match(/[\p{L}\p{N}]+|[^\s\p{L}\p{N}]/gu) ?? [];
        return words.map((form, w) => [w + 1, form, "_", "X", "_", "_", w, "dep", "_", "_"].join("\t")).join("\n");
      })
      .map((block) => `${block}\n\n`)
      .join("");

  const files = async (kind: string, write: (part: "train" | "dev") => string) => {
    const paths = [];
    for (const part of ["train", "dev"] as const) {
      const path = world.at(`${kind}-${part}.${kind === "trees" ? "conllu" : "json"}`);
      await writeFile(path, write(part));
      paths.push(path);
    }
    return [...paths, paths[1]].join(",");
  };

  const learn = async () => {
    const trees = await files("trees", (part) =>
      conllu(demoExamples(part, { perRelation: { [part]: 3 } }).map(({ text }) => text)),
    );
    const mentions = await files("typing", (part) =>
      JSON.stringify(
        demoExamples(part, { perRelation: { [part]: 3 } }).map(({ text, subject, relation }) => ({
          ...{
            sent: text,
            start: [...text.slice(0, subject.start)].length,
            end: [...text.slice(0, subject.end)].length,
          },
          labels: [relation],
        })),
      ),
    );
    const facts = [world.train, world.dev, world.test].join(",");
    return [`factual=${facts}`, `linguistic=${trees}`, `entity-typing=${mentions}`];
  };

  const options = async (...more: (string | number)[]) => [
    ...["experiment", "continual", "--backbone", world.backbone, "--learn", ...(await learn())],
    ...["--out", world.at("continual"), ...small(), "--learning-rate", 0.01, "--model-learning-rate", 0.01],
    ...["--arc-size", 16, "--seeds", 1, "--sentences", 48, "--test-sentences", 24, ...more],
  ];

  test("leaves earlier adapters as they are to the last bit; what both baselines train is not left", async () => {
    const result = await json(await options());
    const cells = result["cells"] as { system: string; step: number; kind: string; tensors: string; metric: number }[];
    expect(cells).toHaveLength(3 * (1 + 2 + 3));
    for (const cell of cells) expect(cell).toMatchObject({ metric: rate, examples: 24 });
    const changes = result["changes"] as { system: string; unchanged: boolean }[];
    expect(changes).toHaveLength(3 * 2);
    for (const { system, unchanged } of changes) expect(unchanged).toBe(system === "own-adapters");
    // What the shared adapter and the model answer with is what the last step left, for every kind.
    for (const system of ["shared-adapter", "fine-tuned-model"]) {
      const own = cells.filter((cell) => cell.system === system && cell.step === 3);
      expect(new Set(own.map(({ tensors }) => tensors)).size).toBe(1);
    }
    // The first step of both ways with adapters is the same training.
    const first = cells.filter(({ step }) => step === 1);
    expect(first[0]).toMatchObject({ tensors: first[1]?.tensors, metric: first[1]?.metric });
    const page = await readFile(world.at("continual", "continual.md"), "utf8");
    expect(page).toMatch(/^\| the model itself trained in turn \| 2\. linguistic \| \d+\.\d \| \d+\.\d \| +\|$/m);
    expect(page).toMatch(/^- an adapter for each kind \(K-Adapter\): every earlier kind is the same to the last bit/m);

    const adapter = world.at("continual", "own-adapters", "seed-1", "1-factual", "adapter_model.safetensors");
    const { mtimeMs } = await stat(adapter);
    expect(await json(await options())).toEqual(result);
    expect((await stat(adapter)).mtimeMs).toBe(mtimeMs);
  });

  test("refuses kinds it does not know, and one alone", async () => {
    const refused = async (...given: string[]) =>
      expectComplaint(await kadapter([...(await options()).slice(0, 4), "--out", world.at("no"), "--learn", ...given]));
    const [facts = "", trees = ""] = await learn();
    expect(await refused(facts)).toMatch(/--learn: .* expected two or three of factual, linguistic, entity-typing/);
    expect(await refused(facts, trees.replace("linguistic", "syntactic"))).toMatch(/--learn: /);
    expect(await refused(facts, facts)).toMatch(/--learn: /);
  });
});
