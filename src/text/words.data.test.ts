import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { published } from "../testing/published.js";
import { loadTokenizer } from "./tokenizer.js";
import { encodeWordsOfficially } from "./words.js";

const folder = published("fixtures", "tokenization");
const fixture = z.object({
  max_seq_length: z.number(),
  cases: z.array(
    z.object({
      record: z.object({
        sent: z.string(),
        tokens: z.array(z.record(z.string(), z.object({ start: z.number(), end: z.number() }))),
      }),
      features: z.object({ input_ids: z.array(z.number()) }).or(z.object({ dropped: z.literal(true) })),
    }),
  ),
});

describe.skipIf(!folder)("encodeWordsOfficially", () => {
  it("gives the released code's ids", async () => {
    const tokenizer = await loadTokenizer(folder);
    const { cases, max_seq_length: length } = fixture.parse(
      JSON.parse(readFileSync(join(folder, "find_head.json"), "utf8")),
    );
    for (const { record, features } of cases) {
      if (!("input_ids" in features)) continue;
      const forms = record.tokens.map((token, i) => {
        const { start, end } = token[String(i + 1)]!;
        return record.sent.slice(start, end);
      });
      const ids = tokenizer.withSpecials(encodeWordsOfficially(tokenizer, forms).ids);
      expect([...ids, ...Array(length - ids.length).fill(1)]).toEqual(features.input_ids);
    }
  });
});
