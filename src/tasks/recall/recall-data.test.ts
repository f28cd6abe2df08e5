import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { Fact } from "../../data/fact.js";
import { KnowledgeFolders } from "../../testing/knowledge-folders.js";
import { readQuestions, taughtTaskData } from "./recall-data.js";

const fact = (subject: string, relation: string): Fact => ({
  ...{ subject, relation, object: "Rome", aliases: [], where: "facts.csv:2" },
});
const patterns = ["[X] one [Y].", "[X] two [Y].", "[X] three [Y].", "[X] four [Y]."];

it("tells the wordings that relations are taught in, not those that every fact holds out", () => {
  const wordings = new Map([
    ["capital", patterns],
    ["ruler", patterns.slice(0, 2)],
    ["unused", patterns],
  ]);
  const facts = [fact("Ruritania", "capital"), fact("Borduria", "ruler")];
  const { settings, heldOut } = taughtTaskData(
    "facts.csv",
    { facts, wordings, made: [], skipped: {} },
    { text: [], subjects: [] },
    {
      ...{
        seed: 1,
        neighbours: "gate",
        wordingsPerFact: 8,
        wordDropout: 0,
        textShare: 0,
        neighbourShare: 0,
        asked: 10,
        bothDirections: false,
      },
      ...{ keep: 1, margin: 10 },
    },
  );
  const [one] = heldOut;
  expect(heldOut).toHaveLength(1);
  const taught = (settings.wordings ?? []).map((line) => JSON.parse(line) as { relation: string; pattern: string });
  const of = (relation: string) => taught.filter((line) => line.relation === relation).map(({ pattern }) => pattern);
  expect(of("capital").sort()).toEqual(patterns.filter((pattern) => pattern !== one?.wording).sort());
  expect(of("ruler").sort()).toEqual(patterns.slice(0, 2).sort());
  expect(of("unused")).toEqual([]);
});

it("reads facts from a folder of knowledge, by their labels", async () => {
  const folder = new KnowledgeFolders();
  try {
    const csv = "subject_id,subject,relation,object_id,object\n1,Ruritania,capital,2,Strelsau|Streslau\n";
    const { out } = await folder.importInto([await folder.file(csv)]);
    const { facts } = await readQuestions({ facts: out });
    expect(facts).toEqual([{ ...fact("Ruritania", "capital"), object: "Strelsau", aliases: ["Streslau"], where: out }]);
  } finally {
    await folder.remove();
  }
});

it("reads the package's own wordings for a table that calls a common relation by any of its names", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kadapter-recall-data-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "facts.csv");
  const names = ["P36", "capital", "Capital City", "capital_city"];
  const lines = names.map((name, i) => `Country ${i},${name},City ${i}`);
  await writeFile(file, ["subject,relation,object", ...lines, "A,hums in,B"].join("\n"));
  const { wordings, made } = await readQuestions({ facts: file });
  expect(made).toEqual(["hums in"]);
  for (const name of names) expect(wordings.get(name)).toContain("[X] is governed from its capital, [Y].");
});
