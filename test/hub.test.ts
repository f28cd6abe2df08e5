import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openBackbone } from "../src/features/backbone-handle.js";
import { ownModel } from "../src/library/own-model.js";
import { servedRecipes, writeServedModel } from "../src/testing/served-models.js";
import { writeTaughtAdapter } from "../src/testing/taught-adapter.js";
import { HubServer } from "./hub-server.js";
import { json, kadapter, kadapterProcess, testFolder } from "./support.js";

let folder = "";
let relations = "";
const data = () => join(folder, "data.jsonl");
beforeAll(async () => {
  folder = await testFolder();
  const backbone = await openBackbone(ownModel());
  relations = await writeServedModel(folder, "relations", servedRecipes.relations, backbone);
  await writeFile(
    data(),
    ["lives in", "capital of", "founded by"]
      .flatMap((relation) => [1, 2, 3].map((i) => ({ relation, token: ["Mia", `${i}`, "is", "in", "Rome", "."] })))
      .map((one) => ({ ...one, h: { name: "Mia", pos: [0, 1] }, t: { name: "Rome", pos: [4, 5] } }))
      .map((one) => `${JSON.stringify(one)}\n`)
      .join(""),
  );
});
afterAll(() => rm(folder, { recursive: true }));

let hub: HubServer;
const names = ["HF_ENDPOINT", "HF_TOKEN", "HF_HOME", "HF_HUB_OFFLINE"] as const;
let before: (string | undefined)[] = [];
beforeEach(async () => {
  hub = await HubServer.open();
  before = names.map((name) => process.env[name]);
  Object.assign(process.env, hub.env, { HF_HOME: await mkdtemp(join(folder, "home-")), HF_HUB_OFFLINE: "0" });
});
afterEach(async () => {
  for (const [i, name] of names.entries()) {
    const value = before[i];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  await hub[Symbol.asyncDispose]();
});

describe("an adapter of the hub", () => {
  it("goes there, and is taken wherever a folder is asked for", async () => {
    const pushed = await json(["push", relations, "me/facts"]);
    const { name, commit } = pushed as { name: string; commit: string };
    expect(pushed).toMatchObject({ created: true, name: `hf:me/facts@${commit}` });
    const backbone = ["--backbone", ownModel()];
    const sentence = ["--text", "Mia lives in Rome.", "--subject", "Mia", "--object", "Rome"];
    const own = await json(["predict", relations, ...backbone, ...sentence]);
    const found = await kadapter(["predict", "--adapter", "hf:me/facts", ...backbone, ...sentence, "--json"]);
    expect(JSON.parse(found.stdout)).toMatchObject({ predictions: own["predictions"] });
    expect(found.stderr).toContain(`hf:me/facts: taken as ${name}\n`);
    expect(await kadapter(["inspect", "hf:me/facts"])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("an adapter"),
    });
    expect(await json(["verify", name, ...backbone])).toMatchObject({ ok: true });
    expect(await json(["eval", "hf:me/facts", ...backbone, "--data", data()])).toHaveProperty("examples", 9);
    const out = join(folder, "tuned");
    const training = [
      "--train",
      data(),
      "--dev",
      data(),
      "--max-steps",
      1,
      "--max-length",
      16,
      "--threads",
      1,
      "--out",
      out,
    ];
    await json(["finetune", "relations", ...backbone, "--adapter", "facts=hf:me/facts", ...training]);
    // Which one it was stands in the folder for good.
    const { adapters } = JSON.parse(await readFile(join(out, "downstream_config.json"), "utf8"));
    expect(adapters).toMatchObject([
      { name: "facts", folder: name, hash: pushed["tensors"]?.["adapter_model.safetensors" as never] },
    ]);
    const graph = await json([
      "export",
      "onnx",
      "hf:me/facts",
      ...backbone,
      "--precision",
      "float32",
      "--out",
      join(folder, "onnx"),
    ]);
    expect(graph).toMatchObject({ answers: [{ name: "facts" }] });
    // Two ways of asking an adapter that was taught facts.
    await writeTaughtAdapter(join(folder, "taught"), ownModel());
    await json(["push", join(folder, "taught"), "me/taught", "--private"]);
    const mask = "Rome is in [MASK].";
    const sets = (adapter: string) => json(["fill", mask, "--adapter", `taught=${adapter}`, ...backbone]);
    expect(await sets("hf:me/taught")).toEqual(await sets(join(folder, "taught")));
    const words = (adapter: string) => json(["predict", "--adapter", adapter, "--text", mask, ...backbone]);
    expect(await words("hf:me/taught")).toMatchObject({
      predictions: (await words(join(folder, "taught")))["predictions"],
    });
    const missing = await kadapter(["serve", "--adapter", "facts=hf:me/nothing"]);
    expect([missing.code, missing.stderr]).toEqual([
      2,
      expect.stringMatching(/^error: adapter "me\/nothing": the hub has no such/),
    ]);
  });

  it("decides neither what is downloaded nor whose words stand on the terminal", async () => {
    const config = JSON.parse(await readFile(join(relations, "adapter_config.json"), "utf8"));
    const files = Object.fromEntries(
      await Promise.all(
        (await readdir(relations)).map(async (one) => [one, await readFile(join(relations, one))] as const),
      ),
    );
    const evil = { ...config, backbone: { ...config.backbone, name: "evil/\u001b[2J" } };
    hub.put("me/evil", { ...files, "adapter_config.json": JSON.stringify(evil) });
    hub.put("evil/model", { "config.json": "{}", "model.safetensors": "x" });
    const asking = { ...config, backbone: { ...config.backbone, name: "evil/model" } };
    hub.put("me/asking", { ...files, "adapter_config.json": JSON.stringify(asking) });
    const sentence = ["--text", "Mia lives in Rome.", "--subject", "Mia", "--object", "Rome"];
    const shown = await kadapter(["predict", "hf:me/evil", ...sentence]);
    expect([shown.code, shown.stderr.includes("\u001b")]).toEqual([2, false]);
    const asked = await kadapter(["predict", "hf:me/asking", ...sentence]);
    expect(asked).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/names evil\/model, which is not in the cache.*--backbone/),
    });
    expect(hub.seen.some(({ path }) => path.includes("evil/model"))).toBe(false);
    const broken = { ...files, "adapter_config.json": "{" };
    hub.put("me/broken", broken);
    const out = join(folder, "broken");
    expect(await kadapter(["pull", "hf:me/broken", "--out", out])).toMatchObject({ code: 2 });
    await expect(readdir(out)).rejects.toThrow();
  });
});

describe("a killed process", () => {
  const state = () => Object.keys(hub.files("me/facts"));

  it("leaves all or nothing of a push, and the next one ends it", async () => {
    hub.put("me/facts", { "README.md": "old" });
    const old = state();
    for (const moment of ["/tree/", "/preupload/", "/info/lfs/", "/commit/"]) {
      await kadapterProcess(["push", relations, "me/facts"], {
        onStart: async (child) => {
          hub.fault = ({ path }) => {
            if (!path.includes(moment)) return undefined;
            child.kill("SIGKILL");
            return "hang up";
          };
        },
      });
      expect(state()).toEqual(old);
    }
    hub.fault = () => undefined;
    await json(["push", relations, "me/facts"]);
    expect(state()).toEqual((await readdir(relations)).sort());
  });

  it("leaves no folder that is taken for whole of a pull, and the next one goes on", async () => {
    await json(["push", relations, "me/facts"]);
    const out = join(folder, "pulled");
    const killed = await kadapterProcess(["pull", "hf:me/facts", "--out", out], {
      onStart: async (child) => {
        hub.cut = (name, from) => {
          if (name.length !== 64) return undefined;
          // It comes again for the rest.
          if (from > 0) child.kill("SIGKILL");
          return from > 0 ? 0 : 1000;
        };
      },
    });
    expect(killed.signal).toBe("SIGKILL");
    await expect(readdir(out)).rejects.toThrow();
    const starts: number[] = [];
    hub.cut = (name, from) => {
      if (name.length === 64) starts.push(from);
      return undefined;
    };
    await json(["pull", "hf:me/facts", "--out", out]);
    expect(starts[0]).toBe(1000);
    expect((await readdir(out)).sort()).toEqual((await readdir(relations)).sort());
  });
});
