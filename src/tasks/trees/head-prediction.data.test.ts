import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readFindHead } from "../../data/find-head.js";
import { published } from "../../testing/published.js";
import { loadTokenizer } from "../../text/tokenizer.js";
import { type EncodedSentence, HeadPrediction } from "./head-prediction.js";

const folder = published("fixtures", "tokenization");
const fixture = z.object({
  max_seq_length: z.number(),
  cases: z.array(z.object({ name: z.string(), record: z.json(), features: z.record(z.string(), z.json()) })),
});

describe.skipIf(!folder)("the released code's find_head", () => {
  it("gives its labels, and drops what it drops", async () => {
    const tokenizer = await loadTokenizer(folder);
    const { cases, max_seq_length: maxLength } = fixture.parse(
      JSON.parse(readFileSync(join(folder, "find_head.json"), "utf8")),
    );
    const task = new HeadPrediction(
      { labels: null, options: { head: "official", alignment: "official" } },
      { maxLength, dropout: 0, headInit: 0.3 },
    );
    const temporary = await mkdtemp(join(tmpdir(), "kadapter-find-head-"));
    for (const { name, record, features } of cases) {
      const file = join(temporary, "record.json");
      await writeFile(file, JSON.stringify([record]));
      const kept: EncodedSentence[] = [];
      for await (const sentence of readFindHead(file, { brokenTrees: "skip" })) {
        const encoded = task.encode(sentence, tokenizer);
        if (!("skipped" in encoded)) kept.push(encoded);
      }
      expect(kept.length, name).toBe("dropped" in features ? 0 : 1);
      if (!kept[0]) continue;
      const mask = features["input_mask"] as number[];
      const labels = Array.from(task.feeds(kept, maxLength)["labels"]?.data as Int32Array);
      expect(
        labels.map((label, i) => (mask[i] ? label : 0)),
        name,
      ).toEqual(features["labels"]);
    }
    await rm(temporary, { recursive: true });
  });
});
