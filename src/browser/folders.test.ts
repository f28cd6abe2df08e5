import { Readable } from "node:stream";
import { unzipSync } from "fflate";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { fetchFolder, putFile, putFiles, readFolder, removeFolder, zipFolder } from "./folders.js";
import { open, stat } from "./host/files.js";

// In Node the folders' own helper would make them on the disk.
vi.mock("../host/files.js", () => import("./host/files.js"));
vi.mock("../host/paths.js", () => import("./host/paths.js"));

beforeEach(() => removeFolder("mine"));

const textOf = async (folder: string) =>
  Object.fromEntries(
    Object.entries(await readFolder(folder)).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]),
  );

describe("folders of a tab", () => {
  it("reads a file that was chosen by parts, as it lies", async () => {
    await putFile("mine/chosen", new Blob(["0123456789"]));
    const handle = await open("mine/chosen");
    const into = new Uint8Array(4);
    expect((await handle.read(into, 1, 3, 8)).bytesRead).toBe(2);
    expect([...into]).toEqual([0, 0x38, 0x39, 0]);
    expect((await stat("mine/chosen")).size).toBe(10);
  });

  it("takes files by name, and those of a chosen folder by their paths below it", async () => {
    await putFiles("mine", { "a.txt": "é", "below/b": Uint8Array.of(0x62) });
    const file = Object.assign(new Blob(["c"]), { name: "c", webkitRelativePath: "theirs/deep/c" });
    await putFiles("mine", [file]);
    expect(await textOf("mine")).toEqual({ "a.txt": "é", "below/b": "b", "deep/c": "c" });
  });

  it.each(["../else", "/else", "a/../../else", ""])("refuses %j, which lies outside", async (name) => {
    await expect(putFiles("mine", { [name]: "" })).rejects.toThrow("lies outside of the folder");
  });

  it("packs a folder without its checkpoints, under its own name", async () => {
    await putFiles("mine", { "config.json": "{}", "checkpoints/step-1/state": "x", "below/b": "b" });
    const files = unzipSync(await zipFolder("./mine/"));
    expect(Object.keys(files).sort()).toEqual(["mine/below/b", "mine/config.json"]);
    expect(Buffer.from(files["mine/config.json"] as Uint8Array).toString()).toBe("{}");
    await expect(zipFolder("nothing")).rejects.toThrow("there is no such folder in this tab");
  });

  it("fetches what a server has of a model, and says what it lacks", async () => {
    const held: Record<string, string> = { "config.json": "{}", "vocab.txt": "a" };
    vi.stubGlobal("fetch", async (address: string) => {
      const content = held[address.replace("models/own/", "")];
      if (content !== undefined) return new Response(Readable.toWeb(Readable.from([Buffer.from(content)])) as never);
      // A server of pages answers every address with its page.
      return address.endsWith(".json")
        ? new Response("<html>", { headers: { "content-type": "text/html" } })
        : new Response("", { status: 404 });
    });
    await fetchFolder("mine", "models/own/");
    expect(await textOf("mine")).toEqual(held);
    await expect(fetchFolder("mine", "models/own", ["merges.txt"])).rejects.toThrow("the server has no merges.txt");
    await expect(fetchFolder("mine", "models/other")).rejects.toThrow("the server has no config.json");
    vi.unstubAllGlobals();
  });
});
