import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { UserError } from "../errors.js";
import { namedBackbone, recordedName } from "./named-backbone.js";

let root = "";
let adapter = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "kadapter-named-"));
  adapter = join(root, "runs", "facts");
  await mkdir(adapter, { recursive: true });
  await mkdir(join(root, "models", "mine"), { recursive: true });
  vi.stubEnv("HF_HUB_CACHE", join(root, "hub"));
  for (const repo of ["models--roberta-base", "models--FacebookAI--roberta-large"]) {
    const commit = "0".repeat(40);
    const [refs, snapshot] = [join(root, "hub", repo, "refs"), join(root, "hub", repo, "snapshots", commit)];
    for (const path of [refs, snapshot]) await mkdir(path, { recursive: true });
    await writeFile(join(refs, "main"), commit);
    for (const file of ["config.json", "tokenizer.json", "model.safetensors"])
      await writeFile(join(snapshot, file), "");
  }
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

const find = (name: string | null, { hash = "0" as string | null, given = undefined as string | undefined } = {}) =>
  namedBackbone(adapter, "adapter", { name, hash }, given);

describe("namedBackbone", () => {
  it("takes the given one, else an id that is in the cache and a folder that is there", async () => {
    expect(await find("models/nowhere", { given: "other/one" })).toBe("other/one");
    for (const id of ["roberta-base", "FacebookAI/roberta-large", "roberta-base@main", "models/own"]) {
      expect(await find(id)).toBe(id);
    }
  });

  it("neither downloads what it names, nor looks at another machine", async () => {
    for (const id of ["someone/other", "roberta-base@other"]) {
      await expect(find(id)).rejects.toThrow(
        `${adapter}: the adapter names ${id}, which is not in the cache of models; give backbone if you trust who made it: it is then downloaded`,
      );
      expect(await find(id, { given: id })).toBe(id);
    }
    for (const share of ["\\\\host\\share", "//host/share"]) {
      await expect(find(share)).rejects.toThrow(
        /names "[^"]+host[^"]+", a folder of another machine; give backbone if you/,
      );
    }
  });

  it("finds a folder below those above the adapter's, where a hash tells whether it is the right one", async () => {
    for (const name of ["models/mine", "./models/mine"]) {
      expect(await find(name)).toBe(join(root, "models", "mine"));
      await expect(find(name, { hash: null })).rejects.toThrow(/names the folder models\/mine, which is not here/);
    }
  });

  it("does not take the name of a folder for an id", async () => {
    for (const name of ["models/elsewhere", "./models/elsewhere", "./elsewhere"]) {
      const failure = find(name);
      await expect(failure).rejects.toBeInstanceOf(UserError);
      await expect(failure).rejects.toThrow(
        `${adapter}: the adapter names the folder ${name.replace("./", "")}, which is not here (looked for in ${process.cwd()} and the folders from ${adapter} upwards); give backbone`,
      );
    }
    await expect(find(join(root, "gone"))).rejects.toThrow(
      `names the folder ${join(root, "gone")}, which is not here; `,
    );
    await expect(find(null)).rejects.toThrow("the adapter does not name its backbone; give it with backbone");
  });
});

it("records a folder's name so that it cannot be taken for an id", () => {
  const recorded = (name: string, folder = name) => recordedName({ name, folder });
  expect(recorded("models/own")).toBe("./models/own");
  expect(recorded("mine")).toBe("./mine");
  for (const path of ["/somewhere/models/own", "../own", "./own", "a/b/c"]) expect(recorded(path)).toBe(path);
  expect(recorded("roberta-base", "/cache/models--roberta-base/snapshots/0")).toBe("roberta-base");
});
