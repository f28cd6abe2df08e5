/** The front door: what somebody sees who writes `import … from "kadapter"`. */
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { wiki80Record } from "../src/data/wiki80-writer.js";
import { demoExamples } from "../src/demo/examples.js";
import { adapterBits, testFolder } from "./support.js";

type Library = typeof import("../src/index.js");
// As Node resolves the package's own name: the build, by package.json's "exports".
const { facts, load, openBackbone, openEngine, relations, train, trees, UserError } = (await import(
  "kadapter" as string
)) as Library;

const quick = { maxSteps: 6, batchSize: 8, adapterSize: 64, layers: [0, 4], cache: "off", maxLength: 48 } as const;
let folder: string;
let engine: Awaited<ReturnType<Library["openEngine"]>>;
let base: Awaited<ReturnType<Library["openBackbone"]>>;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await testFolder();
  engine = await openEngine({ device: "cpu", threads: 1 });
  base = await openBackbone("models/own");
  const lines = demoExamples("train")
    .slice(0, 60)
    .map((example) => JSON.stringify(wiki80Record(example)));
  await writeFile(at("facts.jsonl"), lines.join("\n"));
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
});

async function learn(out: string, seed: number) {
  const kinds: string[] = [];
  for await (const event of train(engine, base, facts({ train: at("facts.jsonl") }), {
    ...quick,
    out: at(out),
    seed,
  })) {
    kinds.push(event.kind);
    if (event.kind !== "result") continue;
    expect(event).toMatchObject({ reason: "completed", out: at(out), testScores: null });
    const { scores, metrics } = event;
    expect(scores && "perClass" in scores ? scores.accuracy : null).toBe(metrics["accuracy"]);
    expect(metrics["steps"]).toBe(6);
  }
  expect(kinds[0]).toBe("note");
  expect(kinds.filter((kind) => kind === "step")).toHaveLength(6);
  expect(kinds.at(-1)).toBe("result");
}

describe("the front door", () => {
  it("trains, loads and answers, two models beside each other on one engine", async () => {
    await learn("one", 1);
    await learn("two", 2);
    const question = { text: "Vienna is the capital of Austria.", subject: "Austria", object: "Vienna" };
    const [one, two] = [await load(engine, at("one"), { as: "relations" }), await load(engine, at("two"))];
    expect(one.task).toBe("relations");
    const before = await one.predict(question, { top: 3 });
    expect(before.relations).toHaveLength(3);
    expect(before.relations[0]).toEqual({ relation: before.relation, probability: before.probability });
    const other = await two.predict(question, { top: 3 });
    expect(other).not.toEqual(before);
    expect(await one.predict(question, { top: 3 })).toEqual(before);
    await two.close();
    // Last bits of a product vary with the number of its rows.
    for (const answer of await one.predictAll([question, question], { top: 3 })) {
      if (!("relation" in answer)) throw new Error("no relation was told");
      expect(answer.relation).toBe(before.relation);
      expect(answer.probability).toBeCloseTo(before.probability, 5);
    }
    await one.close();
  });

  it("takes an adapter by its Hugging Face id", async () => {
    const repository = join(at("hub"), "models--org--name");
    const commit = "0123456789abcdef0123456789abcdef01234567";
    await mkdir(join(repository, "refs"), { recursive: true });
    await writeFile(join(repository, "refs", "main"), commit);
    await cp(at("one"), join(repository, "snapshots", commit), { recursive: true });
    process.env["HF_HUB_CACHE"] = at("hub");
    const question = { text: "Vienna is the capital of Austria.", subject: "Austria", object: "Vienna" };
    const [here, there] = [await load(engine, at("one")), await load(engine, "org/name")];
    expect(await there.predict(question)).toEqual(await here.predict(question));
    await Promise.all([here.close(), there.close()]);
    const settings = { adapters: { one: "org/name" }, maxSteps: 1, cache: "off", out: at("joined") };
    const events = [];
    for await (const event of train(engine, base, relations({ train: [at("facts.jsonl")] }), settings)) {
      events.push(event);
    }
    expect(events.at(-1)).toMatchObject({ kind: "result", reason: "completed", scores: { metric: "accuracy" } });
    const manifest: unknown = JSON.parse(await readFile(join(at("joined"), "downstream_config.json"), "utf8"));
    // The model reads 128 tokens, fewer than the usual 256.
    expect(manifest).toMatchObject({
      adapters: [{ name: "one", folder: `hf:org/name@${commit}` }],
      task: { maxLength: 128 },
    });
  });

  it("writes what the command line writes", async () => {
    const { main } = await import("../dist/cli/main.js" as string);
    const flags = ["--max-steps", "6", "--batch-size", "8", "--adapter-size", "64", "--layers", "0,4", "--seed", "1"];
    const how = ["--cache", "off", "--max-length", "48", "--device", "cpu", "--threads", "1"];
    const what = ["--backbone", "models/own", "--train", at("facts.jsonl"), "--out", at("cli")];
    await main(["node", "kadapter", "pretrain", "factual", ...what, ...flags, ...how, "--json"]);
    expect(await adapterBits(at("cli"))).toEqual(await adapterBits(at("one")));
  });

  it("stops where its reader leaves, and goes on from there", async () => {
    const how = { ...quick, out: at("stopped"), seed: 1 };
    for await (const event of train(engine, base, facts({ train: at("facts.jsonl") }), how)) {
      if (event.kind === "step" && event.step === 2) break;
    }
    let first = 0;
    for await (const event of train(engine, base, facts({ train: at("facts.jsonl") }), { ...how, resume: true })) {
      if (event.kind === "start") first = event.step;
    }
    expect(first).toBeGreaterThanOrEqual(2);
    expect(await adapterBits(at("stopped"))).toEqual(await adapterBits(at("one")));
  });

  it("says at once that the engine is closed, or the model", async () => {
    const own = await openEngine({ device: "cpu", threads: 1 });
    const [kept, closed] = [await load(own, at("one")), await load(own, at("one"))];
    const question = { text: "Vienna is the capital of Austria.", subject: "Austria", object: "Vienna" };
    await closed.close();
    await expect(closed.predict(question)).rejects.toThrow(/one: this model is closed/);
    await own.close();
    // A folder that would be refused were it looked at: the engine is asked for first.
    const unread = train(own, base, facts({ train: at("nothing.jsonl") }), { ...quick, out: at("one") }).next();
    for (const refused of [unread, load(own, at("nothing")), kept.predict(question)]) {
      await expect(refused).rejects.toThrow(/the engine is closed/);
      await expect(refused).rejects.toBeInstanceOf(UserError);
    }
    await kept.close();
  });

  it("names settings in its errors, and knows no flags", async () => {
    const settings = { ...quick, out: at("bad"), epochs: 0 };
    await expect(train(engine, base, facts({ train: at("facts.jsonl") }), settings).next()).rejects.toThrow(
      /epochs: 0 is not valid/,
    );
    const used = train(engine, base, facts({ train: at("facts.jsonl") }), { ...quick, out: at("one") });
    const failure = used.next();
    await expect(failure).rejects.toBeInstanceOf(UserError);
    await expect(failure).rejects.toThrow(/resume/);
    await expect(failure).rejects.not.toThrow(/--/);
    // A list may be said as on a command line; anything else that is none does not compile.
    const layers = (given: string | number | readonly number[]) =>
      train(engine, base, facts({ train: at("facts.jsonl") }), { ...quick, out: at("bad"), layers: given }).next();
    await expect(layers("4,0")).rejects.toThrow(/layers: "4,0" is not valid; expected ascending/);
    // @ts-expect-error a setting of another type
    const other = train(engine, base, facts({ train: at("facts.jsonl") }), { ...quick, out: at("bad"), layers: {} });
    await expect(other.next()).rejects.toThrow(/layers: \{\} is not valid/);
    await expect(openEngine({ threads: 0 })).rejects.toThrow(/threads: 0 is not valid/);
    await mkdir(at("begun/checkpoints"), { recursive: true });
    await expect(load(engine, at("begun"))).rejects.toThrow(
      /begun: the training in this folder is not finished; .*resume/,
    );
    await expect(load(engine, at("one"), { as: "trees" })).rejects.toThrow(/trained for relations/);
    const model = await load(engine, at("one"), { as: "relations" });
    await expect(model.predict({ text: "Vienna.", subject: "Vienna", object: "Austria" })).rejects.toThrow(
      /"Austria" is not in the sentence/,
    );
    await model.close();
    expect(trees({ train: ["x"] }).given).toEqual({ train: ["x"] });
  });
});
