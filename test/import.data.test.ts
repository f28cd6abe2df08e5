import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localExecutor } from "../src/runtime/local.js";
import type { EncodedRelation } from "../src/tasks/relations/relation-classification.js";
import { floatsOf, type HostTensor } from "../src/tensor.js";
import { published } from "../src/testing/published.js";
import { loadRelationModel } from "../src/training/task-model.js";
import { openSafetensors } from "../src/weights/safetensors.js";
import { folderTensors, hashed, tensorsOf } from "./state-dicts.js";
import { expectComplaint, json, kadapter, makeWorld, type World } from "./support.js";

const fixtures = published("fixtures");

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

describe.skipIf(!fixtures)("files that the released code wrote", () => {
  const folder = (kind: string) => join(fixtures, `adapter-${kind}`);
  const shape = ["--layers", "0,2,5", "--adapter-heads", 4];

  test.each([
    ["factual", "pytorch_model.bin", "relation-classification", 6],
    ["factual", "pytorch_model.legacy.bin", "relation-classification", 6],
    ["linguistic", "pytorch_model.bin", "head-prediction", 16],
    ["linguistic", "pytorch_model.legacy.bin", "head-prediction", 16],
  ])("%s, %s: every tensor is there, the same", async (kind, file, task, headTensors) => {
    const out = world.at(`${kind}-${file}`);
    const path = join(folder(kind), "adapter", file);
    expect(await json(["import", path, "--out", out, ...shape])).toMatchObject({ task, headTensors, leftOut: [] });
    const published = await tensorsOf(join(folder(kind), "adapter", "model.safetensors"));
    expect(hashed(await folderTensors(out))).toEqual(hashed(published));
    const { ok, checks } = await json(["verify", out]);
    expect({ ok, failed: (checks as { ok: boolean }[]).filter((check) => check.ok === false) }).toEqual({
      ok: true,
      failed: [],
    });
    if (task === "relation-classification") return;
    const line = expectComplaint(await kadapter(["eval", "--adapter", out, "--data", world.test]));
    expect(line).toMatch(/the adapter does not name its backbone/);
  });

  test("the imported factual adapter gives the released code's logits", async () => {
    // The fixture has no tokenizer; its texts are ids already.
    const backbone = world.at("fixture-backbone");
    for (const name of ["config.json", "model.safetensors"])
      await cp(join(folder("factual"), name), join(backbone, name));
    const tokens = ["<s>", "<pad>", "</s>", "<unk>", "@", "#"];
    await writeFile(
      join(backbone, "vocab.json"),
      JSON.stringify(Object.fromEntries(tokens.map((token, i) => [token, i]))),
    );
    await writeFile(join(backbone, "merges.txt"), "#version: 0.2\n");
    const out = world.at("fixture-adapter");
    const path = join(folder("factual"), "adapter", "pytorch_model.bin");
    await json(["import", path, "--out", out, ...shape, "--backbone", backbone]);
    const config = JSON.parse(await readFile(join(out, "adapter_config.json"), "utf8")) as { task: object };

    const rows = await fixtureRows();
    const expected = await openSafetensors(join(folder("factual"), "expected-unpadded.safetensors"));
    for (const [i, row] of rows.entries()) {
      // Padding is attended here, so a limit of the row's own length keeps all padding out.
      const task = { ...config.task, maxLength: row.inputIds.length };
      await writeFile(join(out, "adapter_config.json"), JSON.stringify({ ...config, task }));
      const executor = await localExecutor({ device: "cpu", threads: 1 });
      const { session } = await loadRelationModel(executor, out);
      const [logits] = await session.logits([row]);
      await executor.close();
      const released = floatsOf({ logits: await expected.read(`row${i}.logits`) }, "logits");
      expect(logits).toHaveLength(12);
      for (const [k, value] of released.entries()) {
        expect(Math.abs(logits![k]! - value)).toBeLessThanOrEqual(5e-5 + 1e-4 * Math.abs(value));
      }
    }
    await expected.close();
  });

  /** The first batch, row by row, without padding. */
  async function fixtureRows(): Promise<EncodedRelation[]> {
    const source = await openSafetensors(join(folder("factual"), "inputs.safetensors"));
    const read = async (name: string) => numbers(await source.read(name));
    const [ids, mask] = [await read("input_ids"), await read("attention_mask")];
    const [subject, object] = [await read("subj_special_start_id"), await read("obj_special_start_id")];
    await source.close();
    return Array.from({ length: 4 }, (_, row) => {
      const cut = (all: number[]) => all.slice(row * 20, (row + 1) * 20);
      const length = cut(mask).reduce((sum, one) => sum + one, 0);
      const span = { start: 0, end: 1 };
      return {
        inputIds: cut(ids).slice(0, length),
        subject: cut(subject).indexOf(1),
        object: cut(object).indexOf(1),
        label: -1,
        example: { text: "-", subject: span, object: span, relation: "", where: `row ${row}` },
      };
    });
  }

  const numbers = ({ data }: HostTensor): number[] => Array.from(data as ArrayLike<number | bigint>, Number);
});
