import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadTokenizer } from "./tokenizer.js";

const root = fileURLToPath(new URL("../../test/compat/tokenizers/", import.meta.url));
const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const lines = JSON.parse(readFileSync(join(root, "lines.json"), "utf8")) as readonly string[];

/** What the peer's AutoTokenizer said, written by test/compat/make.py. */
interface Expected {
  readonly class: string;
  /**
   * Ids of the first lines, for whoever looks at a difference, and eight digits of the SHA-256 of each line's; null and
   * hyphens where the peers differ and neither is followed.
   */
  readonly first: readonly (readonly number[] | null)[];
  readonly digests: string;
  /** Ids of `x` with special tokens around it. */
  readonly around: readonly number[];
}

describe.each(folders.map(({ name }) => name))("%s", (name) => {
  const expected = JSON.parse(readFileSync(join(root, name, "expected.json"), "utf8")) as Expected;

  it("has the ids of transformers", async () => {
    const tokenizer = await loadTokenizer(join(root, name));
    const found = lines.map((line) => tokenizer.encode(line).ids);
    expected.first.forEach((ids, i) => {
      if (ids) expect(found[i], JSON.stringify(lines[i])).toEqual(ids);
    });
    const wrong = found.flatMap((ids, i) => {
      const digest = createHash("sha256").update(ids.join()).digest("hex").slice(0, 8);
      return [digest, "--------"].includes(expected.digests.slice(8 * i, 8 * i + 8)) ? [] : [lines[i]];
    });
    expect(wrong).toEqual([]);
    expect(expected.digests).toHaveLength(8 * 2000);
    expect(expected.digests.match(/-{8}/g)?.length ?? 0).toBeLessThan(200);
    expect(tokenizer.withSpecials(tokenizer.encode("x").ids)).toEqual(expected.around);
  });
});
