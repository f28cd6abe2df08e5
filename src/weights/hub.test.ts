import { lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fakeHub, hubCommit } from "../testing/fake-hub.js";
import { type ResolveOptions, resolveModel } from "./hub.js";
import { hubCacheFolder, parseModelId } from "./hub-cache.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "kadapter-"));
});
afterEach(() => rm(root, { recursive: true }));

const noFetch: typeof fetch = () => Promise.reject(new TypeError("fetch failed", { cause: new Error("ENOTFOUND") }));

async function message(name: string, options: ResolveOptions): Promise<string> {
  const error: unknown = await resolveModel(name, { env: {}, cacheDir: root, fetch: noFetch, ...options }).catch(
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: "UserError" });
  expect((error as Error).message).not.toContain("\n");
  return (error as Error).message;
}

async function fill(folder: string, files: Record<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
}

describe("names", () => {
  test.each([
    ["roberta-large", "roberta-large", "main"],
    ["org/name_1.5", "org/name_1.5", "main"],
    ["org/name@refs/pr/1", "org/name", "refs/pr/1"],
    ["gpt2@v1.0", "gpt2", "v1.0"],
  ])("%s", (text, id, revision) => {
    expect(parseModelId(text)).toEqual({ id, revision });
  });

  test.each([
    "",
    ".",
    "..",
    "../x",
    "a/../b",
    "a/b/c",
    "/a",
    "a/",
    "a//b",
    "a--b",
    "a\\b",
    "C:x",
    "~/x",
    "a\0b",
    "a b",
    "a.git",
    "a@",
    "a@..",
    "a@../x",
    "a@x/../../y",
    "a@/x",
    "a@x\\y",
    "a@b@c",
    "-a",
    "a-",
    "x".repeat(97),
  ])("refused: %j", async (text) => {
    expect(parseModelId(text)).toBeUndefined();
  });

  test("the cache is where every Hugging Face library has it", () => {
    expect(hubCacheFolder({ HF_HUB_CACHE: "/c", HF_HOME: "/h" })).toBe("/c");
    expect(hubCacheFolder({ HF_HUB_CACHE: "", HF_HOME: "/h" })).toBe(join("/h", "hub"));
    expect(hubCacheFolder({ XDG_CACHE_HOME: "/x" })).toBe(join("/x", "huggingface", "hub"));
    expect(hubCacheFolder({})).toMatch(/\.cache[\\/]huggingface[\\/]hub$/);
  });
});

describe("on this machine", () => {
  test("an existing folder wins; a file is refused", async () => {
    await fill(join(root, "model"), { x: "" });
    expect(await resolveModel(join(root, "model"))).toEqual({ folder: join(root, "model") });
    expect(await message(join(root, "model", "x"), {})).toMatch(/this is a file; expected the model's folder/);
    expect(await message(join(root, "none"), {})).toMatch(/no such folder, and it is no Hugging Face id/);
  });

  test("a whole snapshot in the cache is taken, by branch or commit, without the network", async () => {
    const repo = join(root, "models--org--name");
    const snapshot = join(repo, "snapshots", hubCommit);
    await fill(snapshot, { "config.json": "{}", "model.safetensors": "x" });
    await fill(join(repo, "refs"), { main: `${hubCommit}\n` });
    const found = { folder: snapshot, id: "org/name", commit: hubCommit };
    const options = { cacheDir: root, env: { HF_HUB_OFFLINE: "1" }, fetch: noFetch };
    expect(await resolveModel("org/name", options)).toEqual(found);
    expect(await resolveModel(`org/name@${hubCommit}`, options)).toEqual(found);
  });

  test("offline, one line says what was looked for and where", async () => {
    const env = { HF_HUB_OFFLINE: "true" };
    expect(await message("org/name", { env })).toMatch(
      /model "org\/name": no such folder, and not in the cache \(.*models--org--name.refs.main is missing\).*HF_HUB_OFFLINE/,
    );
    const repo = join(root, "models--org--name");
    await fill(join(repo, "refs"), { main: hubCommit });
    expect(await message("org/name", { env })).toMatch(/lacks the folder/);
    await fill(join(repo, "snapshots", hubCommit), { "config.json": "{}" });
    expect(await message("org/name", { env })).toMatch(/lacks weights/);
    const index = JSON.stringify({ weight_map: { a: "s1", b: "s2" } });
    await fill(join(repo, "snapshots", hubCommit), { "model.safetensors.index.json": index, s1: "" });
    expect(await message("org/name", { env })).toMatch(/lacks s2/);
    await fill(join(repo, "refs"), { main: "../../etc" });
    expect(await message("org/name", { env })).toMatch(/expected a commit's 40 hex digits/);
  });

  test("without a network, one line says so", async () => {
    expect(await message("org/name", {})).toMatch(/hub cannot be reached.*ENOTFOUND/);
  });
});

describe("from the hub", () => {
  const files = {
    "config.json": "{}",
    "merges.txt": "",
    "vocab.json": '{"a":0}',
    "model.safetensors": "weights",
    "pytorch_model.bin": "the same",
    "README.md": "not needed",
  };

  test("what a model needs is downloaded into the shared layout, and found there the next time", async () => {
    const hub = fakeHub(files);
    const progress: [string, number, number][] = [];
    const options: ResolveOptions = {
      cacheDir: root,
      env: {},
      fetch: hub.fetch,
      onProgress: (file, done, total) => progress.push([file, done, total]),
    };
    const model = await resolveModel("org/name", options);
    const repo = join(root, "models--org--name");
    expect(model).toEqual({ folder: join(repo, "snapshots", hubCommit), id: "org/name", commit: hubCommit });
    const wanted = ["config.json", "merges.txt", "model.safetensors", "vocab.json"];
    expect((await readdir(model.folder)).sort()).toEqual(wanted);
    expect(await readFile(join(model.folder, "model.safetensors"), "utf8")).toBe("weights");
    expect((await lstat(join(model.folder, "vocab.json"))).isSymbolicLink()).toBe(true);
    expect(await readFile(join(repo, "refs", "main"), "utf8")).toBe(hubCommit);
    expect((await readdir(join(repo, "blobs"))).filter((name) => name.includes("incomplete"))).toEqual([]);
    expect(progress).toContainEqual(["model.safetensors", 7, 7]);
    expect(hub.requests.some((path) => path.includes("pytorch_model"))).toBe(false);
    const before = hub.requests.length;
    expect(await resolveModel("org/name", options)).toEqual(model);
    expect(hub.requests.length).toBe(before);
  });

  test("shards are fetched by their index", async () => {
    const { "model.safetensors": _, ...rest } = files;
    const index = JSON.stringify({ weight_map: { a: "s1.safetensors", b: "s2.safetensors" } });
    const sharded = { ...rest, "model.safetensors.index.json": index, "s1.safetensors": "1", "s2.safetensors": "2" };
    const { folder } = await resolveModel("org/name", { cacheDir: root, env: {}, fetch: fakeHub(sharded).fetch });
    expect(await readFile(join(folder, "s2.safetensors"), "utf8")).toBe("2");
    const { "s2.safetensors": __, ...short } = sharded;
    const other = join(root, "other");
    expect(await message("org/name", { cacheDir: other, fetch: fakeHub(short).fetch })).toMatch(/lacks the shard "s2/);
  });

  test.each<[string, (body: string) => string, RegExp]>([
    ["changed", (body) => `W${body.slice(1)}`, /does not have the hash/],
    ["cut", (body) => body.slice(1), /ended after 6 of 7 bytes/],
    ["longer", (body) => `${body}!`, /longer than the 7 bytes/],
  ])("a download that is %s leaves nothing that could be taken for the file", async (_, change, expected) => {
    const hub = fakeHub(files, (path, body) => (path === "model.safetensors" ? change(body) : body));
    expect(await message("org/name", { fetch: hub.fetch })).toMatch(expected);
    const repo = join(root, "models--org--name");
    expect(await readdir(repo)).not.toContain("refs");
    expect((await readdir(join(repo, "blobs"))).filter((name) => name.length === 64 || name.includes("inc"))).toEqual(
      [],
    );
    // The next try heals it.
    await resolveModel("org/name", { cacheDir: root, env: {}, fetch: fakeHub(files).fetch });
  });

  test("models that do not exist, hold no weights, or answer with paths for hashes", async () => {
    const hub = fakeHub(files);
    expect(await message("org/other", { fetch: hub.fetch })).toMatch(/no such model or revision.*HF_TOKEN/);
    expect(await message("org/name", { fetch: fakeHub({ "config.json": "{}" }).fetch })).toMatch(/has no weights/);
    const evil: typeof fetch = async (input, init) => {
      const response = await hub.fetch(input, init);
      if (!String(input).includes("/tree/")) return response;
      return Response.json([
        { type: "file", path: "config.json", size: 2, oid: "../../../x" },
        { type: "file", path: "model.safetensors", size: 2, oid: "../../../x" },
      ]);
    };
    expect(await message("org/name", { fetch: evil })).toMatch(/bad entry for "config.json"/);
  });
});
