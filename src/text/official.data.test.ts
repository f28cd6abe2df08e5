import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { published } from "../testing/published.js";
import { type MarkerOptions, markEntities } from "./markers.js";
import { officialEncode } from "./official.js";
import { loadTokenizer, type Tokenizer } from "./tokenizer.js";

const folder = published("fixtures", "tokenization");
const tokenizer: Tokenizer | undefined = folder ? await loadTokenizer(folder) : undefined;
const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));

const recordSchema = z.object({
  token: z.array(z.string()),
  relation: z.string(),
  subj_start: z.number(),
  subj_end: z.number(),
  obj_start: z.number(),
  obj_end: z.number(),
});
const features = z.union([
  z.object({
    input_ids: z.array(z.number()),
    input_mask: z.array(z.number()),
    segment_ids: z.array(z.number()),
    label_id: z.number(),
    subj_special_start: z.number(),
    obj_special_start: z.number(),
  }),
  z.object({ dropped: z.literal(true) }),
  z.object({ error: z.string() }),
]);
const cases = z.object({
  max_seq_length: z.number().optional(),
  labels: z.array(z.string()),
  cases: z.array(z.object({ record: recordSchema, max_seq_length: z.number().optional(), features })),
  marker_near_the_limit: z.array(z.object({ record: recordSchema, max_seq_length: z.number(), features })),
});

/** The official features of a record, made with this project's functions. */
function convert(
  record: z.infer<typeof recordSchema>,
  labels: readonly string[],
  maxLength: number,
  official: NonNullable<MarkerOptions["official"]>,
): z.infer<typeof features> {
  const start = (token: number) => record.token.slice(0, token).join(" ").length + (token > 0 ? 1 : 0);
  const span = (from: number, to: number) => ({ start: start(from), end: start(to) + record.token[to]!.length });
  const marked = markEntities(
    tokenizer!,
    record.token.join(" "),
    span(record.subj_start, record.subj_end),
    span(record.obj_start, record.obj_end),
    { maxLength, official },
  );
  if ("skipped" in marked)
    return marked.skipped === "marker-beyond-limit" ? { dropped: true } : { error: "IndexError" };
  const padding = maxLength - marked.inputIds.length;
  return {
    input_ids: [...marked.inputIds, ...new Array<number>(padding).fill(tokenizer!.specials.pad!)],
    input_mask: [...marked.inputIds.map(() => 1), ...new Array<number>(padding).fill(0)],
    segment_ids: new Array<number>(maxLength).fill(0),
    label_id: labels.indexOf(record.relation),
    subj_special_start: marked.subject,
    obj_special_start: marked.object,
  };
}

describe.skipIf(!folder)("the official preprocessing", () => {
  it.each([
    ["trex.json", true],
    ["tacred.json", "tacred"],
  ] as const)("reproduces every record of %s", (name, official) => {
    const fixture = cases.parse(read(name));
    const all = [...fixture.cases, ...fixture.marker_near_the_limit];
    expect(all.length).toBeGreaterThan(8);
    for (const one of all) {
      const maxLength = one.max_seq_length ?? fixture.max_seq_length ?? 0;
      expect(convert(one.record, fixture.labels, maxLength, official)).toEqual(one.features);
    }
  });

  it("tokenises every text of texts.json as the official tokenizer and as Hugging Face's", () => {
    const text = z.object({
      text: z.string(),
      official_ids: z.array(z.number()),
      hf_ids: z.array(z.number()).optional(),
    });
    const fixture = z.object({ texts: z.array(text), with_special_tokens: z.array(text) }).parse(read("texts.json"));
    for (const one of [...fixture.texts, ...fixture.with_special_tokens]) {
      expect(officialEncode(tokenizer!, one.text), one.text).toEqual(one.official_ids);
      if (one.hf_ids !== undefined) expect(tokenizer!.encode(one.text).ids, one.text).toEqual(one.hf_ids);
    }
  });
});
