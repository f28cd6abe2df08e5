import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Executor } from "../engine/executor.js";
import { type BackboneHandle, openBackbone } from "../features/backbone-handle.js";
import { load } from "../library/model.js";
import { ownModel } from "../library/own-model.js";
import { localExecutor } from "../runtime/local.js";
import { startTimeout } from "../testing/running-service.js";
import { servedQuestions, servedRecipes, writeServedModel } from "../testing/served-models.js";
import { writeTaughtAdapter } from "../testing/taught-adapter.js";
import { Service } from "./service.js";

const kinds = Object.keys(servedRecipes) as (keyof typeof servedRecipes)[];

let folder = "";
let executor: Executor;
let backbone: BackboneHandle;
const folders: Record<string, string> = {};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-serving-"));
  executor = await localExecutor({ device: "cpu", threads: 1 });
  backbone = await openBackbone(ownModel());
  for (const kind of kinds) folders[kind] = await writeServedModel(folder, kind, servedRecipes[kind], backbone);
  folders["other"] = await writeServedModel(folder, "other", servedRecipes.relations, backbone, { seed: 2 });
  folders["recall"] = await writeTaughtAdapter(join(folder, "recall"), ownModel());
  folders["gated"] = await writeTaughtAdapter(join(folder, "gated"), ownModel(), ["Ormelle"]);
}, startTimeout);
afterAll(async () => {
  await executor.close();
  await rm(folder, { recursive: true });
});

const options = { batchTokens: 512, queueTokens: 4096, mostModels: 32 };
const open: Service[] = [];
const started = async (names: readonly string[], others: Partial<typeof options> = {}) => {
  const service = new Service(executor, { ...options, ...others });
  open.push(service);
  await service.keepBackbone(ownModel());
  for (const name of names) await service.load(name, folders[name] as string);
  return service;
};
afterEach(async () => {
  for (const service of open.splice(0)) await service.close();
});

/** Numbers agree to 1e-5; all else is equal. */
function expectSame(a: unknown, b: unknown): void {
  if (typeof a === "number" && typeof b === "number") expect(Math.abs(a - b)).toBeLessThan(1e-5);
  else if (typeof a === "object" && a !== null && typeof b === "object" && b !== null) {
    expect(Object.keys(a)).toEqual(Object.keys(b));
    for (const key of Object.keys(a)) expectSame((a as never)[key], (b as never)[key]);
  } else expect(a).toEqual(b);
}

/** What the library says to each question, asked alone. */
async function alone(name: string, questions: readonly object[], top = 1): Promise<unknown[]> {
  const model = await load(executor, folders[name] as string);
  const answers: unknown[] = [];
  for (const question of questions) answers.push(await model.predict(question as never, { top }));
  await model.close();
  return answers;
}

const metric = async (service: Service, name: string) =>
  Number(new RegExp(`^${name} (.*)$`, "m").exec(await service.metrics.registry.metrics())?.[1]);

describe("a service", () => {
  it.each(kinds)("answers %s as the library does", async (kind) => {
    const service = await started([kind]);
    const { answers } = await service.predict([kind], servedQuestions[kind], { top: 2 });
    expectSame(answers[kind], await alone(kind, servedQuestions[kind], 2));
  });

  it("answers words as the library does, of one token and of several", async () => {
    const service = await started(["recall", "gated"]);
    const questions = [{ text: "Winter lies in [MASK]." }, { text: "The town of Ormelle makes [MASK] [MASK]." }];
    const names = ["recall", "gated"];
    const { answers } = await service.predict(names, questions, { top: 3 });
    for (const name of names) expectSame(answers[name], await alone(name, questions, 3));
  });

  it("answers all kinds at once as each alone, whoever shares a batch with whom", async () => {
    const service = await started(kinds);
    const asked = await Promise.all(kinds.map((kind) => service.predict([kind], servedQuestions[kind], { top: 2 })));
    for (const [i, kind] of kinds.entries()) {
      expectSame(asked[i]?.answers[kind], await alone(kind, servedQuestions[kind], 2));
    }
    expect(await metric(service, "kadapter_batch_models_sum")).toBeGreaterThanOrEqual(kinds.length);
  });

  it("runs the backbone once for a text that two models are asked about", async () => {
    const service = await started(["relations", "other"]);
    const { answers } = await service.predict(["relations", "other"], servedQuestions.relations, { top: 1 });
    expect(answers["relations"]).not.toEqual(answers["other"]);
    expectSame(answers["other"], await alone("other", servedQuestions.relations));
    expect(await metric(service, "kadapter_batch_texts_count")).toBe(1);
    expect(await metric(service, "kadapter_batch_texts_sum")).toBe(3);
    expect(await metric(service, "kadapter_batch_models_sum")).toBe(2);
  });

  it.each([
    ["half precision", { hiddenStates: "float16" }],
    ["a fixed width", { fixedWidth: true, maskPadding: false }],
    ["attention to padding", { maskPadding: false }],
  ] as const)("answers with %s as the library does, beside others", async (what, how) => {
    const name = what.replaceAll(" ", "-");
    folders[name] = await writeServedModel(folder, name, servedRecipes.relations, backbone, { seed: 3, ...how });
    const service = await started([name, "relations"]);
    const { answers } = await service.predict([name, "relations"], servedQuestions.relations, { top: 3 });
    expectSame(answers[name], await alone(name, servedQuestions.relations, 3));
    expectSame(answers["relations"], await alone("relations", servedQuestions.relations, 3));
  });

  it("refuses the whole request where one question is wrong, before anything is computed", async () => {
    const service = await started(["relations", "trees"]);
    const wrong = [...servedQuestions.relations, { text: "A b.", subject: "c", object: "A" }];
    await expect(service.predict(["relations"], wrong, { top: 1 })).rejects.toMatchObject({
      code: "invalid",
      message: expect.stringContaining("inputs.3 of model relations"),
    });
    const long = { text: "word ".repeat(100) };
    await expect(service.predict(["trees"], [long], { top: 1 })).rejects.toMatchObject({ code: "invalid" });
    expect(await metric(service, "kadapter_batch_texts_count")).toBe(0);
  });

  it("computes nothing for those who left", async () => {
    const service = await started(["relations"]);
    const left = service.predict(["relations"], servedQuestions.relations, { top: 1, signal: AbortSignal.abort() });
    await expect(left).rejects.toMatchObject({ name: "AbortError" });
    expect(await metric(service, "kadapter_batch_texts_count")).toBe(0);
    expect(service.admission.tokens).toBe(0);
  });

  it("fills a mask with the backbone alone, beside each adapter, and beside all", async () => {
    const service = await started(["recall", "gated"]);
    const sets = await service.fill("Winter lies in [MASK].", ["recall", "gated"], { top: 2 });
    expect(Object.keys(sets)).toEqual(["none", "recall", "gated", "recall+gated"]);
    // The gate is shut, as the text does not name Ormelle.
    expectSame(sets["gated"], sets["none"]);
    expect(sets["recall"]?.[0]?.word).not.toBe(sets["none"]?.[0]?.word);
    const [asked] =
      (await service.predict(["recall"], [{ text: "Winter lies in [MASK]." }], { top: 1 })).answers["recall"] ?? [];
    expect(sets["recall"]?.[0]).toMatchObject({ word: (asked as { word: string }).word });
  });

  it("gives vectors of hidden states and of an adapter, pooled or by token", async () => {
    const service = await started(["relations"]);
    const texts = ["Winter is cold.", "Winter is the capital of Ormelle, which lies far in the north."];
    const [first, second] = (await service.embed(texts, { pooling: "mean" })) as { vector: number[] }[];
    const [tokens] = (await service.embed(texts, { pooling: "tokens", layer: backbone.config.layers })) as {
      vectors: number[][];
      tokens: string[];
    }[];
    expect(first?.vector).toHaveLength(backbone.config.hiddenSize);
    expect(tokens?.vectors).toHaveLength(tokens?.tokens.length ?? -1);
    const mean = first?.vector.map(
      (_, i) =>
        (tokens?.vectors ?? []).reduce((sum, one) => sum + (one[i] as number), 0) / (tokens?.vectors.length ?? 1),
    );
    expectSame(first?.vector, mean);
    expect(second?.vector).not.toEqual(first?.vector);
    const [own] = (await service.embed(texts, { pooling: "mean", adapter: "relations" })) as { vector: number[] }[];
    expect(own?.vector).not.toEqual(first?.vector);
    await expect(service.embed(["x"], { pooling: "mean", layer: 99 })).rejects.toMatchObject({ code: "invalid" });
  });
});

describe("a service's models", () => {
  it("are replaced under load: each request is answered by the version that it began with", async () => {
    const service = await started(["relations"]);
    const [a, b] = [
      await alone("relations", servedQuestions.relations),
      await alone("other", servedQuestions.relations),
    ];
    const [first] = service.registry.models;
    const copy = join(folder, "live");
    await cp(folders["relations"] as string, copy, { recursive: true });
    const asked: Promise<{ answers: unknown; version: string | undefined }>[] = [];
    let asking = true;
    const load = (async () => {
      while (asking) {
        const one = service.predict(["relations"], servedQuestions.relations, { top: 1 });
        asked.push(
          one.then(({ answers, versions }) => ({ answers: answers["relations"], version: versions["relations"] })),
        );
        await one;
      }
    })();
    const second = await service.load("relations", folders["other"] as string);
    expect(second.version).not.toBe(first?.version);
    const third = await service.load("relations", copy);
    expect(third.version).toBe(first?.version);
    asking = false;
    await load;
    expect(asked.length).toBeGreaterThan(0);
    for (const { answers, version } of await Promise.all(asked))
      expectSame(answers, version === second.version ? b : a);
    await expect(service.predict(["relations"], [], { top: 1, version: second.version })).rejects.toMatchObject({
      code: "not-found",
    });
  });

  it("are unloaded when those who ask are answered, and are gone at once for all others", async () => {
    const service = await started(["relations", "trees"]);
    const running = service.predict(["relations"], servedQuestions.relations, { top: 1 });
    const unloading = service.unload("relations");
    await new Promise((resolve) => setImmediate(resolve));
    await expect(service.predict(["relations"], [], { top: 1 })).rejects.toMatchObject({ code: "not-found" });
    expectSame((await running).answers["relations"], await alone("relations", servedQuestions.relations));
    await unloading;
    await expect(service.unload("relations")).rejects.toMatchObject({ code: "not-found" });
    expect(service.registry.models.map(({ name }) => name)).toEqual(["trees"]);
  });

  it("make room for others, the one unused the longest first", async () => {
    const service = await started(["relations", "trees"], { mostModels: 2 });
    await service.predict(["relations"], servedQuestions.relations, { top: 1 });
    await service.load("other", folders["other"] as string);
    expect(service.registry.models.map(({ name }) => name)).toEqual(["relations", "other"]);
  });

  it("are refused where they name a backbone that is not open, unless whoever runs the server named them", async () => {
    const service = new Service(executor, options);
    open.push(service);
    await expect(service.load("relations", folders["relations"] as string)).rejects.toMatchObject({
      code: "forbidden",
    });
  });
});
