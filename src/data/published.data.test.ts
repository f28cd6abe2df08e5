/** The readers on whole data sets as they were published. */
import { describe, expect, it } from "vitest";
import { published } from "../testing/published.js";
import { readEntityTyping } from "./entity-typing.js";
import { readLama } from "./lama.js";
import { readMultipleChoice } from "./multiple-choice.js";
import { readOpenQuestions } from "./open-questions.js";
import { inspectRelations, type RelationFormat, readRelations } from "./relation-data.js";

const data = published("data");

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = [];
  for await (const item of items) result.push(item);
  return result;
}

describe.skipIf(!data)("published data", () => {
  it.each<[string, RelationFormat, number, number]>([
    ["fewrel/dev.json", "fewrel", 2035, 42],
    ["fewrel/val_pubmed.json", "fewrel", 1000, 10],
    ["wiki80/dev.jsonl", "wiki80", 1399, 80],
    ["cre-tacred/dev.json", "tacred", 1449, 31],
    ["redocred-tacred/dev.json", "tacred", 1054, 71],
    ["trex-rc/dev.json", "trex-rc", 2500, 28],
    ["trex-rc/train.json.gz", "trex-rc", 70850, 28],
    ["trex-format/redocred_as_trex_0-80.json", "trex", 1357, 82],
  ])("%s is read whole", async (name, format, examples, relations) => {
    const summary = await inspectRelations(`${data}/${name}`);
    expect([summary.format, summary.examples]).toEqual([format, examples]);
    expect(summary.relations.length).toBe(relations);
    expect(summary.lengths.reduce((sum, { count }) => sum + count, 0)).toBe(examples);
    expect(summary.skipped.size).toBe(0);
  });

  it("downstream sets have as many examples as is known, and both of SemEval's forms agree", async () => {
    expect(await all(readEntityTyping(`${data}/openentity/dev.json`))).toHaveLength(671);
    expect(await all(readEntityTyping(`${data}/figer-gold/test.json`))).toHaveLength(393);
    expect(await all(readMultipleChoice(`${data}/cosmosqa/dev.csv`))).toHaveLength(265);
    expect(await all(readOpenQuestions(`${data}/openqa-xquad/train.txt`))).toHaveLength(598);
    expect(await all(readOpenQuestions(`${data}/searchqa-sample/val`))).toHaveLength(2);
    const own = await all(readRelations(`${data}/semeval2010-8/TEST_FILE_FULL.TXT`));
    const tacred = await all(readRelations(`${data}/semeval2010-8/test.tacred.json`));
    const bare = ({ text, subject }: (typeof own)[0]) => text.slice(subject.start, subject.end).replace(/\s/g, "");
    expect(own.map((one) => [one.id, one.relation, bare(one)])).toEqual(
      tacred.map((one) => [one.id, one.relation, bare(one)]),
    );
  });

  it.each([
    ["trex", 41, 28_051],
    ["google-re", 3, 5_274],
    // Three of the 236 questions have two holes.
    ["squad", 1, 233],
  ] as const)("LAMA's %s has %i relations and %i facts", async (set, relations, facts) => {
    const read = await readLama(`${data}/lama`, set);
    expect(read.length).toBe(relations);
    expect(read.reduce((sum, relation) => sum + relation.facts.length, 0)).toBe(facts);
    if (set === "trex") for (const relation of read) expect(relation.template, relation.name).not.toBeNull();
  });
});
