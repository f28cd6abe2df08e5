import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { published } from "../testing/published.js";
import type { RelationExample } from "./relation-example.js";
import { limitNegatives } from "./tacred.js";

const path = published("fixtures", "tokenization", "tacred.json");

async function* examples(relations: readonly (readonly [string, string])[]): AsyncGenerator<RelationExample> {
  const span = { start: 0, end: 1 };
  for (const [id, relation] of relations) yield { id, relation, text: "a", subject: span, object: span, where: "f:1" };
}

async function kept(relations: readonly (readonly [string, string])[], negativeSample: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of limitNegatives(examples(relations), negativeSample)) ids.push(id ?? "");
  return ids;
}

it.skipIf(!path)("limitNegatives keeps what the official fixture says", async () => {
  const fixture = z
    .object({
      cases: z.array(z.object({ record: z.object({ id: z.string(), relation: z.string() }) })),
      negative_sample: z.array(
        z.object({ negative_sample: z.number(), dataset_type: z.string(), kept: z.array(z.string()) }),
      ),
    })
    .parse(JSON.parse(readFileSync(path, "utf8")));
  const records = fixture.cases.map(({ record }) => [record.id, record.relation] as const);
  for (const one of fixture.negative_sample) {
    if (one.dataset_type === "train") expect(await kept(records, one.negative_sample)).toEqual(one.kept);
  }
});
