import { createHash } from "node:crypto";
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { HubServer, type Seen } from "../../test/hub-server.js";
import { findAdapter, isAdapterHere } from "../adapters/hub-adapter.js";
import { openBackbone } from "../features/backbone-handle.js";
import { servedRecipes, writeServedModel } from "../testing/served-models.js";
import { pull, push } from "./hub.js";
import { ownModel } from "./own-model.js";

let root = "";
let hub: HubServer;
let adapter = "";
let other = "";
let tuned = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kadapter-hub-"));
  const backbone = await openBackbone(ownModel());
  const write = (name: string, recipe: (typeof servedRecipes)[keyof typeof servedRecipes], seed: number) =>
    writeServedModel(root, name, recipe, backbone, { seed });
  adapter = await write("adapter", servedRecipes.relations, 1);
  other = await write("other", servedRecipes.relations, 2);
  tuned = await write("tuned", servedRecipes.typing, 1);
});
afterAll(() => rm(root, { recursive: true }));

let cacheDir = "";
beforeEach(async () => {
  hub = await HubServer.open();
  cacheDir = await mkdtemp(join(root, "cache-"));
  return () => hub[Symbol.asyncDispose]();
});

/** HF_HOME: no file of whoever runs the tests is read. */
const env = (more = {}) => ({ ...hub.env, HF_HOME: root, ...more });
const pushed = (dir = adapter, name = "me/facts", more = {}) => push(dir, name, { env: env(more) });
const pulled = (out: string, name = "hf:me/facts", more = {}) =>
  pull(name, join(cacheDir, out), { env: env(more), cacheDir });
const bytes = async (folder: string) =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(folder)).sort().map(async (name) => [name, await readFile(join(folder, name), "hex")]),
    ),
  ) as Record<string, string>;
const oneLine = async (asked: Promise<unknown>): Promise<string> => {
  const error: unknown = await asked.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: "UserError" });
  const { message } = error as Error;
  expect(message).not.toContain("\n");
  expect(message).not.toContain(hub.token);
  return message;
};
const tokenSent = ({ authorization }: Seen) => authorization !== undefined;

describe("push and pull", () => {
  it("bring an adapter to the hub and back, byte by byte", async () => {
    const there = await pushed();
    expect(there).toMatchObject({ created: true, name: `hf:me/facts@${there.commit}`, notes: [] });
    const back = await pulled("back");
    expect(back).toMatchObject({ commit: there.commit, name: there.name, tensors: there.tensors });
    expect(await bytes(back.out)).toEqual(await bytes(adapter));
    // The token went to the hub, and to no storage that it named.
    expect(hub.seen.filter(({ origin }) => origin === "hub").some(tokenSent)).toBe(true);
    expect(hub.seen.filter(({ origin }) => origin === "storage").some(tokenSent)).toBe(false);
    expect(hub.seen.some(({ origin, method }) => origin === "storage" && method === "GET")).toBe(true);
  });

  it("change what differs, take away what is gone, and send nothing twice", async () => {
    const first = await pushed();
    expect(await pushed()).toEqual({ ...first, created: false, changed: [] });
    hub.put("me/facts", { ...(await filesAsText(adapter)), "subjects.txt": "old\n", "own.txt": "theirs" });
    const second = await pushed(other);
    expect([...second.changed].sort()).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
      "head.safetensors",
      "subjects.txt",
    ]);
    expect(Object.keys(hub.files("me/facts"))).toContain("own.txt");
    expect(await bytes((await pulled("new")).out)).toEqual(await bytes(other));
    // The first is what it was.
    const old = await pulled("old", first.name);
    expect(await bytes(old.out)).toEqual(await bytes(adapter));
  });

  it("give a fine-tuned model a card whose header says what it is", async () => {
    await pushed(tuned, "me/tuned");
    const [, header = ""] = hub.text("me/tuned", "README.md").split("---\n");
    expect(parse(header)).toEqual({
      library_name: "kadapter",
      base_model: "own",
      base_model_relation: "adapter",
      tags: ["k-adapter", "adapter", "entity-typing"],
    });
    const { out } = await pulled("tuned", "hf:me/tuned");
    expect((await readdir(out)).sort()).toEqual(["README.md", "downstream_config.json", "model.safetensors"]);
  });

  it("replace a folder where that is asked for, and leave nothing of the older model in it", async () => {
    await pushed();
    await pushed(tuned, "me/tuned");
    const { out } = await pulled("one");
    expect(await oneLine(pulled("one"))).toMatch(/is not empty.*overwrite/);
    await pull("hf:me/tuned", out, { env: env(), cacheDir, overwrite: true });
    expect((await readdir(out)).sort()).toEqual(["README.md", "downstream_config.json", "model.safetensors"]);
  });

  it("ask the hub what a branch is at, where the cache has an older answer", async () => {
    await pushed();
    await pulled("before");
    await pushed(other);
    expect(await bytes((await pulled("after")).out)).toEqual(await bytes(other));
  });
});

const filesAsText = async (folder: string) =>
  Object.fromEntries(
    await Promise.all((await readdir(folder)).map(async (name) => [name, await readFile(join(folder, name))] as const)),
  );

describe("an adapter named hf:", () => {
  it("is the hub's, whatever folder has its name, and says at which commit", async () => {
    const { commit } = await pushed();
    const how = { env: env(), cacheDir };
    const found = await findAdapter("hf:me/facts", how);
    expect(found.pinned).toBe(`hf:me/facts@${commit}`);
    expect(found.notes).toEqual([`hf:me/facts: taken as hf:me/facts@${commit}`]);
    expect((await findAdapter(`hf:me/facts@${commit}`, how)).notes).toEqual([]);
    const asked = hub.seen.length;
    expect((await findAdapter("hf:me/facts", how)).folder).toBe(found.folder);
    expect(hub.seen.length).toBe(asked);
    expect(await oneLine(findAdapter("hf:a/b/c", how))).toMatch(/it is no Hugging Face id; expected hf:owner\/name/);
    expect(await oneLine(findAdapter("hf:me/nothing", how))).toMatch(
      /^adapter "me\/nothing": the hub has no such adapter/,
    );
  });

  it("counts as here where the cache has it, and a name of nothing does not", async () => {
    expect(await isAdapterHere("hf:me/nothing-of-the-kind")).toBe(false);
    expect(await isAdapterHere("me/nothing-of-the-kind")).toBe(false);
    expect(await isAdapterHere(adapter)).toBe(true);
  });
});

describe("what is refused in one line", () => {
  it("no token, a wrong one, what is none, and one that others could read", async () => {
    expect(await oneLine(pushed(adapter, "me/facts", { HF_TOKEN: "" }))).toMatch(/^HF_TOKEN: there is no token/);
    expect(await oneLine(pushed(adapter, "me/facts", { HF_TOKEN: "hf_wrong" }))).toMatch(/does not allow it.*HF_TOKEN/);
    const secret = await oneLine(pushed(adapter, "me/facts", { HF_TOKEN: "my password" }));
    expect(secret).toMatch(/^HF_TOKEN: it holds no token of the hub/);
    expect(secret).not.toContain("password");
    hub.seen.length = 0;
    const open = { HF_ENDPOINT: "http://hub.example" };
    expect(await oneLine(pushed(adapter, "me/facts", open))).toMatch(/without encryption/);
    await writeFile(join(root, "token"), `${hub.token}\n`);
    expect(await oneLine(pushed(adapter, "me/facts", { ...open, HF_TOKEN: "" }))).toMatch(/there is no token/);
    expect(hub.seen).toEqual([]);
    expect(hub.repositories.size).toBe(0);
    // The file of a login does, where the way is private.
    expect((await pushed(adapter, "me/facts", { HF_TOKEN: "" })).created).toBe(true);
    await unlink(join(root, "token"));
  });

  it("names that nothing can be written to, and folders that hold no finished model", async () => {
    for (const name of ["facts", "me/facts@0123456789abcdef0123456789abcdef01234567", "../x", "me/a/b"]) {
      expect(await oneLine(pushed(adapter, name))).toMatch(/expected USER\/NAME/);
    }
    expect(await oneLine(pushed(join(root, "nothing")))).toMatch(/no such file/);
    expect(await oneLine(pushed(ownModel()))).toMatch(/adapter_config\.json/);
    expect(await oneLine(pushed(adapter, "me/facts@dev"))).toMatch(/no such branch/);
  });

  it("a folder whose tensors are others, or that links to what is not its own", async () => {
    const folder = await mkdtemp(join(root, "bad-"));
    for (const [name, content] of Object.entries(await filesAsText(adapter)))
      await writeFile(join(folder, name), content);
    const secret = join(root, "secret.txt");
    await writeFile(secret, "mine");
    await rm(join(folder, "README.md"));
    await symlink(secret, join(folder, "README.md"));
    expect(await oneLine(pushed(folder))).toMatch(/README\.md: it is a link that leads out/);
    await unlink(join(folder, "README.md"));
    await writeFile(join(folder, "head.safetensors"), await readFile(join(other, "head.safetensors")));
    expect(await oneLine(pushed(folder))).toMatch(/its tensors are not the ones that were written/);
    expect(hub.repositories.size).toBe(0);
  });

  it("a hub that has something else than it lists, or lists what leads out of the folder", async () => {
    await pushed();
    hub.extra = [
      { type: "file", path: "../../evil", size: 1, oid: "0".repeat(40) },
      { type: "file", path: "/etc/x", size: 1, oid: "1" },
    ];
    expect((await readdir((await pulled("fine")).out)).sort()).toEqual(Object.keys(await bytes(adapter)));
    await rm(cacheDir, { recursive: true });
    await mkdir(cacheDir);
    hub.fault = ({ origin, method }) =>
      origin === "storage" && method === "GET" ? { status: 200, body: "x".repeat(9) } : undefined;
    expect(await oneLine(pulled("bad"))).toMatch(/ended after|does not have the hash/);
    expect(await readdir(cacheDir)).not.toContain("bad");
  });

  it("listings without end and answers without end", async () => {
    await pushed();
    const next = (path: string) => ({
      link: `<${hub.url}${path}?page=7>; rel="next"`,
      "content-type": "application/json",
    });
    hub.fault = ({ path }) => (path.includes("/tree/") ? { status: 200, headers: next(path), body: "[]" } : undefined);
    expect(await oneLine(pulled("endless"))).toMatch(/its listing has more than 200 pages/);
  });

  it("a hub that says no, in its words", async () => {
    const error = JSON.stringify({ error: "Invalid metadata\u001b[31m in README.md" });
    const headers = { "content-type": "application/json" };
    hub.fault = ({ path }) => (path.includes("/commit/") ? { status: 400, headers, body: error } : undefined);
    expect(await oneLine(pushed())).toMatch(/the hub said 400: "Invalid metadata\?\[31m in README\.md"/);
    hub.fault = ({ path }) => (path.includes("/commit/") ? { status: 412 } : undefined);
    expect(await oneLine(pushed())).toMatch(/somebody else has changed it meanwhile/);
    expect(Object.keys(hub.files("me/facts"))).toEqual([".gitattributes"]);
  });
});

describe("a hub or a network that fails for a while", () => {
  it("is asked again where it wants that, and not for ever", async () => {
    let refusals = 2;
    hub.fault = ({ path }) =>
      path.includes("/commit/") && refusals-- > 0 ? { status: 429, headers: { "retry-after": "0" } } : undefined;
    expect((await pushed()).changed.length).toBeGreaterThan(0);
    hub.fault = () => ({ status: 429, headers: { "retry-after": "3600" } });
    expect(await oneLine(pulled("never"))).toMatch(/the hub is asked too much \(429\); try again later/);
  });

  it("a broken download goes on where it broke off, in this run and in the next", async () => {
    await pushed();
    const head = await readFile(join(adapter, "head.safetensors"));
    const starts: number[] = [];
    hub.cut = (name, from) => {
      if (name.length !== 64) return undefined;
      starts.push(from);
      return starts.length % 2 === 1 ? 100 : undefined;
    };
    expect(await bytes((await pulled("broken")).out)).toEqual(await bytes(adapter));
    expect(starts).toEqual([0, 100, 0, 100]);
    await rm(cacheDir, { recursive: true });
    await mkdir(cacheDir);
    // So often that this run gives up.
    hub.cut = (name, from) => (name.length === 64 ? (from === 0 ? 100 : 0) : undefined);
    expect(await oneLine(pulled("vain"))).toMatch(/adapter "me\/facts": the hub cannot be reached/);
    const blobs = join(cacheDir, "models--me--facts", "blobs");
    const [part = ""] = (await readdir(blobs)).filter((name) => name.endsWith(".part"));
    expect((await readFile(join(blobs, part))).length).toBe(100);
    const second: number[] = [];
    hub.cut = (name, from) => {
      if (name.length === 64) second.push(from);
      return undefined;
    };
    expect(await bytes((await pulled("healed")).out)).toEqual(await bytes(adapter));
    expect(second).toEqual([100, 0]);
    expect(head.length).toBeGreaterThan(100);
  });

  it("what a killed download left is gone on with, unless it is wrong", async () => {
    await pushed();
    await pulled("first");
    const blobs = join(cacheDir, "models--me--facts", "blobs");
    const large = (await readdir(blobs)).filter((name) => name.length === 64);
    // Of a process that is gone: the largest number that one can have.
    const [one = "", two = ""] = large;
    await rm(join(cacheDir, "models--me--facts", "snapshots"), { recursive: true });
    for (const [name, wrong] of [
      [one, false],
      [two, true],
    ] as const) {
      const whole = await readFile(join(blobs, name));
      await rename(join(blobs, name), join(blobs, `${name}.part`));
      await writeFile(join(blobs, `${name}.part`), whole.subarray(0, 50));
      if (wrong) await appendFile(join(blobs, `${name}.part`), "garbage");
    }
    expect(await bytes((await pulled("second")).out)).toEqual(await bytes(adapter));
    expect((await readdir(blobs)).filter((name) => name.includes("."))).toEqual([]);
  });
});

describe("a push that ends at any of its requests", () => {
  /** What the hub shows of a folder. */
  const shownOf = async (folder: string) =>
    Object.fromEntries(
      Object.entries(await bytes(folder)).map(([name, hex]) => [
        name,
        createHash("sha256").update(Buffer.from(hex, "hex")).digest("hex"),
      ]),
    );

  it("shows all of the old or all of the new", async () => {
    await pushed();
    const { ".gitattributes": _, ...before } = hub.files("me/facts");
    expect(before).toEqual(await shownOf(adapter));
    let nth = 0;
    for (let ended = false; !ended; nth++) {
      let asked = 0;
      hub.fault = () => (asked++ >= nth ? "hang up" : undefined);
      ended = await pushed(other).then(
        () => true,
        () => false,
      );
      expect(hub.files("me/facts")).toMatchObject(await shownOf(ended ? other : adapter));
    }
    // What it asks: the repository, the branch, its files by pages, how to upload, where to, both tensors, the commit.
    expect(nth).toBeGreaterThan(8);
  });

  it("finds all there where only the hub's last word was lost", async () => {
    await pushed();
    hub.fault = ({ path }) => (path.includes("/commit/") ? "lost" : undefined);
    expect(await oneLine(pushed(other))).toMatch(/the hub cannot be reached/);
    hub.fault = () => undefined;
    expect(hub.files("me/facts")).toMatchObject(await shownOf(other));
    expect((await pushed(other)).changed).toEqual([]);
  });
});
