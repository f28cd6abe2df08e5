import { expect, it } from "vitest";
import { UserError } from "../errors.js";
import type { AdapterManifest } from "./adapter-manifest.js";
import { folderNotes, requireSameBackbone } from "./folder.js";

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
