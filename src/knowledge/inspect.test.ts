import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Fact } from "../data/fact.js";
import { KnowledgeFolders } from "../testing/knowledge-folders.js";
import { noSkips } from "../testing/no-skips.js";
import { knowledgeFacts } from "./facts.js";
import { inspectKnowledge } from "./inspect.js";

const folder = new KnowledgeFolders();
afterAll(() => folder.remove());

const csv = `subject_id,subject,relation_id,relation,object_id,object
1,Paris,P1,country,3,France|République
2,Paris,P1,country,4,United States
5,Lyon,P1,country,3,
3,,P2,city,1,
3,,P2,city,5,
5,,P3,founded,,1855
1,,P4,slogan [X],3,
`;

describe("inspectKnowledge", () => {
  it("counts relations, how many objects a subject has, and names of several entities", async () => {
    const { out } = await folder.importInto([await folder.file(csv)]);
    const { relations, ambiguous, counts } = await inspectKnowledge(out);
    expect(relations.map(({ id, label, triples, kind }) => [id, label, triples, kind])).toEqual([
      ["P1", "country", 3, "1:1"],
      ["P2", "city", 2, "1:n"],
      ["P3", "founded", 1, "1:1"],
      ["P4", "slogan [X]", 1, "1:1"],
    ]);
    expect(relations[0]).toMatchObject({ objectsPerSubject: 1, subjectsPerObject: 1.5, example: ["Paris", "France"] });
    expect(relations[1]).toMatchObject({ objectsPerSubject: 2, subjectsPerObject: 1, example: ["France", "Paris"] });
    expect(ambiguous).toEqual({ names: 1, worst: [{ name: "Paris", entities: 2, such: ["1", "2"] }] });
    expect(counts).toMatchObject({ entities: 5, names: 6, triples: 7 });
  });

  it("notices a file that is as long as it was, and another", async () => {
    const { out } = await folder.importInto([await folder.file(csv)]);
    const path = join(out, "relations.tsv");
    await writeFile(path, (await readFile(path, "utf8")).replace("city", "cITY"));
    await expect(inspectKnowledge(out)).rejects.toThrow("relations.tsv: the file is not the one that was written");
  });
});

it("is taught by labels, with other names of objects as right answers", async () => {
  const { out } = await folder.importInto([await folder.file(csv)]);
  const skipped: string[] = [];
  const facts: Omit<Fact, "where">[] = [];
  for await (const { where: _, ...fact } of knowledgeFacts(out, { onSkip: (reason) => skipped.push(reason) })) {
    facts.push(fact);
  }
  expect(facts).toEqual([
    { subject: "France", relation: "city", object: "Paris", aliases: [] },
    { subject: "France", relation: "city", object: "Lyon", aliases: [] },
    { subject: "Lyon", relation: "country", object: "France", aliases: ["République"] },
    { subject: "Lyon", relation: "founded", object: "1855", aliases: [] },
  ]);
  expect(skipped).toEqual(["ambiguous-name", "ambiguous-name", "ambiguous-name"]);
  await expect(knowledgeFacts(folder.at("nowhere"), { onSkip: noSkips }).next()).rejects.toThrow("no such file");
});
