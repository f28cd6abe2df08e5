import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fakeHub } from "../testing/fake-hub.js";
import { resolveAdapter, resolveAny } from "./hub-adapter.js";

let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "kadapter-"));
});
afterEach(() => rm(cacheDir, { recursive: true }));

const files = {
  "README.md": "card",
  "adapter_config.json": "{}",
  "adapter_model.safetensors": "adapter",
  "head.safetensors": "head",
};
const from = (repository: Record<string, string>) =>
  resolveAdapter("org/name", { cacheDir, env: {}, fetch: fakeHub(repository).fetch });

describe("an adapter of the hub", () => {
  it("is downloaded, and found the next time without the network", async () => {
    const folder = await from(files);
    const wanted = ["adapter_config.json", "adapter_model.safetensors", "head.safetensors"];
    expect((await readdir(folder)).sort()).toEqual(wanted);
    expect(await readFile(join(folder, "head.safetensors"), "utf8")).toBe("head");
    expect(await resolveAdapter("org/name", { cacheDir, env: { HF_HUB_OFFLINE: "1" } })).toBe(folder);
  });

  it("brings the names that open its gate and the wordings of its facts, where it has some", async () => {
    const folder = await from({ ...files, "subjects.txt": "Vienna\n", "wordings.jsonl": "{}\n" });
    expect(await readFile(join(folder, "subjects.txt"), "utf8")).toBe("Vienna\n");
    expect(await readFile(join(folder, "wordings.jsonl"), "utf8")).toBe("{}\n");
  });

  it("may be a language model where anything will do", async () => {
    const any = (repository: Record<string, string>) =>
      resolveAny("org/name", { cacheDir, env: {}, fetch: fakeHub(repository).fetch });
    const folder = await any({ "config.json": "{}", "model.safetensors": "x", "vocab.txt": "y", "other.txt": "z" });
    expect((await readdir(folder)).sort()).toEqual(["config.json", "model.safetensors", "vocab.txt"]);
    await rm(cacheDir, { recursive: true });
    expect((await readdir(await any({ ...files, "config.json": "{}" }))).sort()).toContain("adapter_config.json");
  });

  it("may be a fine-tuned model", async () => {
    const folder = await from({ "downstream_config.json": "{}", "model.safetensors": "all" });
    expect((await readdir(folder)).sort()).toEqual(["downstream_config.json", "model.safetensors"]);
  });

  it("is refused where something is lacking, in its own words", async () => {
    const { "head.safetensors": _, ...rest } = files;
    await expect(from(rest)).rejects.toThrow(
      /^adapter "org\/name": its repository has no head\.safetensors; expected adapter_config\.json, /,
    );
    await expect(from({ "config.json": "{}", "model.safetensors": "x" })).rejects.toThrow(
      /has no adapter_config\.json/,
    );
    const offline = resolveAdapter("org/name", { cacheDir, env: { HF_HUB_OFFLINE: "1" } });
    await expect(offline).rejects.toThrow(/^adapter "org\/name": no such folder, and not in the cache/);
    await expect(resolveAdapter("runs/a/b", {})).rejects.toThrow(/no such folder, and it is no Hugging Face id/);
  });

  it("is a folder where there is one", async () => {
    expect(await resolveAdapter(cacheDir)).toBe(cacheDir);
  });
});
