import { expect, it } from "vitest";
import type { BothCell, JoinedCell, ReadingCell, RecallResult } from "./plan.js";
import { recallTables } from "./report.js";

const nothing: RecallResult = { cells: [], joined: [], read: [], both: [] };
const linesOf = (result: Partial<RecallResult>) => recallTables({ ...nothing, ...result }).split("\n");

it("tells of packs by what joiners were taught, and by what they were not", () => {
  const joined = [0.5, 0.7].map(
    (others, seed): JoinedCell => ({
      ...{ row: "concat", seed, packs: 4, facts: { taught: 60, others: 240 }, taught: 1, others },
      ...{ perplexityBefore: 72.5, perplexity: 73, textKept: 0.99 },
    }),
  );
  const lines = linesOf({ joined: joined });
  expect(lines).toContain("| concat | 100.0 ± 0.0 | 60.0 ± 14.1 | 72.50 ± 0.00 → 73.00 ± 0.00 | 99.0 ± 0.0 | 2 |");
  expect(lines).toContainEqual(
    expect.stringMatching(/\| 60 facts that joiners are taught \| 240 others of the packs \|/),
  );
});

it("tells of what was read before and after, and how many questions that were", () => {
  const scores = (p1: number, questions: number) => ({ p1, p10: 1, p100: 1, mrr: 1, questions });
  const group = (before: number, after: number, questions: number) => ({
    before: scores(before, questions),
    after: scores(after, questions),
  });
  const cell: ReadingCell = {
    ...{ row: "sentences", seed: 1, facts: 500, sentences: 600, metrics: { taughtP1: 0.9, p1: 0.25 } },
    groups: { read: group(0.02, 0.4, 70), unread: group(0.02, 0.03, 80), clean: group(0.02, 0.02, 90) },
  };
  const lines = linesOf({ read: [cell] });
  expect(lines).toContainEqual(expect.stringMatching(/^500 facts of 600 sentences;/));
  expect(lines).toContainEqual(expect.stringMatching(/what was read \(70 asked\)/));
  expect(lines).toContain("| sentences | 90.0 | 25.0 | 2.0 → 40.0 | 2.0 → 3.0 | 2.0 → 2.0 | 1 |");
});

it("leaves out what an adapter without facts does not answer", () => {
  const both: BothCell[] = [
    { row: "relations", seed: 1, score: "test.microF1", relations: 0.5 },
    { row: "recall", seed: 1, score: "test.microF1", relations: 0.4, taughtP1: 1, heldOutP1: 0.5 },
  ];
  const lines = linesOf({ both: both });
  expect(lines).toContain("| relations | 50.0 | – | – | 1 |");
  expect(lines).toContain("| recall | 40.0 | 100.0 | 50.0 | 1 |");
});
