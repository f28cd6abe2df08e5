import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { backboneKinds, taskFiles, writeSmallModel } from "./small-models.js";
import { json, kadapter, type Run, testFolder } from "./support.js";

// The table in the documentation is what is tested: a row for each model, a column for each task.
const table = readFileSync(new URL("../docs/backbones.md", import.meta.url), "utf8");
const rows = table.split("\n").flatMap((line) => {
  const cells = line.split("|").map((cell) => cell.trim());
  return line.startsWith("|") && /^`[\w-]+`$/.test(cells[1] ?? "") && /yes|no/.test(cells[2] ?? "")
    ? [{ kind: (cells[1] as string).slice(1, -1), cells: cells.slice(2, -1) }]
    : [];
});

let folder = "";
let data: Awaited<ReturnType<typeof taskFiles>>;
beforeAll(async () => {
  folder = await testFolder();
  data = await taskFiles(join(folder, "data"));
  for (const kind of backboneKinds) await writeSmallModel(join(folder, kind), kind, data.texts);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = (kind: string, name: string) => join(folder, "runs", kind, name);
const steps = ["--max-length", 48, "--max-steps", 2, "--batch-size", 8, "--threads", 1];
const adapter = ["--layers", "0,1,2", "--adapter-size", 16, "--adapter-heads", 2, "--transformer-layers", 1];
const share = (value: unknown) => {
  expect(value).toBeGreaterThanOrEqual(0);
  expect(value).toBeLessThanOrEqual(1);
};

async function pretrain(kind: string, what: "factual" | "linguistic", [train, dev]: readonly [string, string]) {
  const out = ["--train", train, "--dev", dev, "--out", at(kind, what)];
  const trained = await json(["pretrain", what, "--backbone", join(folder, kind), ...out, ...adapter, ...steps]);
  expect(trained["backboneUnchanged"]).toBe(true);
  return json(["eval", "--adapter", at(kind, what), "--data", dev, "--threads", 1]);
}

async function finetune(kind: string, task: string, [train, dev]: readonly [string, string], trains: string) {
  const out = ["--adapter", `facts=${at(kind, "factual")}`, "--train", train, "--dev", dev, "--out", at(kind, task)];
  const call = ["finetune", task, "--backbone", join(folder, kind), ...out, "--trains", trains, ...steps];
  const done = await json(call);
  expect(done["backboneUnchanged"]).toBe(true);
  return done["dev"];
}

/** What a model puts into a hole; probabilities of all words. */
async function fill(...args: string[]): Promise<void> {
  const text = "Vienna is the capital of [MASK] .";
  const { sets } = (await json(["fill", text, "--top", 3, "--threads", 1, ...args])) as {
    sets: Record<string, { word: string; probability: number }[]>;
  };
  for (const words of Object.values(sets)) {
    expect(words).toHaveLength(3);
    for (const { probability } of words) share(probability);
  }
}

const headOf = (kind: string) => [
  ...["probe", "train-head", "--backbone", join(folder, kind), "--adapter", `facts=${at(kind, "factual")}`],
  ...["--train", data.text, "--dev", data.text, "--max-texts", "8", "--dev-texts", "4", "--out", at(kind, "heads")],
];

/** The columns of the table: how a cell that says yes is shown to be right. */
const columns: readonly ((kind: string) => Promise<void>)[] = [
  async (kind) => share((await pretrain(kind, "factual", data.relations))["accuracy"]),
  async (kind) => share((await pretrain(kind, "linguistic", data.trees))["uas"]),
  async (kind) => share(((await finetune(kind, "relations", data.relations, "all")) as { accuracy: number }).accuracy),
  async (kind) => void (await finetune(kind, "entity-typing", data.typing, "none")),
  async (kind) => void (await finetune(kind, "multiple-choice", data.choices, "backbone")),
  async (kind) => void (await finetune(kind, "open-qa", data.questions, "adapters")),
  async (kind) => {
    await json([...headOf(kind), ...steps]);
    await fill("--heads", at(kind, "heads"));
  },
  (kind) => fill("--backbone", join(folder, kind)),
];

/** What a cell that says no answers, by column. */
const refusals: Readonly<Record<number, (kind: string) => Promise<Run>>> = {
  1: (kind) => {
    const files = ["--train", data.trees[0], "--dev", data.trees[1], "--out", at(kind, "linguistic")];
    return kadapter(["pretrain", "linguistic", "--backbone", join(folder, kind), ...files, ...adapter, ...steps]);
  },
  6: (kind) => kadapter([...headOf(kind), ...steps]),
  7: (kind) => kadapter(["fill", "A [MASK].", "--backbone", join(folder, kind)]),
};

test("the table has a row for each model and a column for each task", () => {
  expect(rows.map(({ kind }) => kind)).toEqual(backboneKinds);
  for (const { cells } of rows) expect(cells).toHaveLength(columns.length);
});

describe.each(rows)("$kind", ({ kind, cells }) => {
  test.each(cells.map((cell, column) => ({ cell, column })))("column $column: $cell", async ({ cell, column }) => {
    if (cell === "yes") return columns[column]?.(kind);
    expect(cell).toMatch(/^no/);
    const { code, stderr } = await refusals[column]!(kind);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: [^\n]*no (mask token|special token before a text)[^\n]*\n$/);
  });
});
