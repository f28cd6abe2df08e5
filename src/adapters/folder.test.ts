import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { UserError } from "../errors.js";
import { writeTaughtAdapter } from "../testing/taught-adapter.js";
import type { AdapterManifest } from "./adapter-manifest.js";
import {
  folderNotes,
  readAdapterManifest,
  readTaughtWordings,
  requireRecordedTensors,
  requireSameBackbone,
} from "./folder.js";

const given = {
  ...{ name: "model", modelType: "bert", hiddenSize: 8, layers: 2 },
  ...{ hash: "a".repeat(64), configHash: "b".repeat(64), tokenizerHash: "c".repeat(64) },
};
const recorded = (change: Partial<AdapterManifest["backbone"]>) => ({ backbone: { ...given, ...change } });

it("requires the backbone's configuration, too", () => {
  expect(() => requireSameBackbone("adapter", recorded({}), given)).not.toThrow();
  const other = () => requireSameBackbone("adapter", recorded({ configHash: "d".repeat(64) }), given);
  expect(other).toThrow(UserError);
  expect(other).toThrow(/configuration \(SHA-256\) dddddddd.*, here bbbbbbbb/);
});

it("says of folders that do not record it that they cannot tell", () => {
  const before = recorded({ configHash: null });
  expect(() => requireSameBackbone("adapter", before, given)).not.toThrow();
  expect(folderNotes("adapter", before)).toEqual([expect.stringMatching(/^adapter: .*cannot tell/)]);
  expect(folderNotes("adapter", recorded({}))).toEqual([]);
  // Imported files tell nothing of their backbone, and are not said to.
  expect(folderNotes("adapter", recorded({ hash: null, configHash: null, tokenizerHash: null }))).toEqual([]);
});

it("tells the wordings that facts were taught in, unless they were changed or nobody recorded them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kadapter-folder-"));
  try {
    const wordings = new Map([["capital", ["[Y] is the capital of [X].", "[X]'s capital is [Y]."]]]);
    const [told, silent] = [join(folder, "told"), join(folder, "silent")];
    await writeTaughtAdapter(told, "models/own", ["Vienna"], wordings);
    await writeTaughtAdapter(silent, "models/own", ["Vienna"]);
    const read = async (path: string) => readTaughtWordings(path, await readAdapterManifest(path));
    expect(await read(told)).toEqual(wordings);
    expect(await read(silent)).toBeNull();
    await appendFile(join(told, "wordings.jsonl"), '{"relation":"capital","pattern":"[X] [Y]"}\n');
    await expect(read(told)).rejects.toThrow(
      /wordings\.jsonl: these are not the wordings that the adapter's facts were/,
    );
    await rm(join(told, "wordings.jsonl"));
    await expect(read(told)).rejects.toThrow(UserError);
    // An older folder's wordings go when it is written anew.
    await writeTaughtAdapter(told, "models/own", ["Vienna"]);
    expect(await read(told)).toBeNull();
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("tensors of another hash than was recorded are refused; folders of before it was recorded cannot tell", () => {
  expect(() => requireRecordedTensors("a/head", "0".repeat(64), "1".repeat(64))).toThrow(
    /^a\/head: its tensors are not the ones that were written.*SHA-256 0{16}…, here 1{16}…; copy the folder again, or train/,
  );
  for (const recorded of ["1", null, undefined]) requireRecordedTensors("a/head", recorded, "1");
});
