import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { describe, expect, it } from "vitest";
import { published } from "../testing/published.js";
import { loadTokenizer } from "./tokenizer.js";

const minilm = published("models", "minilm-l6");
const text = published("data", "text", "wiki_split_complex.txt.gz");

describe.skipIf(!minilm || !text)("MiniLM's tokenizer on real sentences", () => {
  it("has @huggingface/tokenizers' ids, and offsets that slice back to the tokens", async () => {
    const ours = await loadTokenizer(minilm);
    const theirs = new HuggingFaceTokenizer(
      JSON.parse(readFileSync(join(minilm, "tokenizer.json"), "utf8")),
      {},
    ) as unknown as {
      encode(text: string, options: object): { ids: number[] };
    };
    const lines = gunzipSync(readFileSync(text)).toString("utf8").split("\n").slice(0, 1000);
    for (const line of lines) {
      const { ids, offsets } = ours.encode(line);
      expect(ids).toEqual(theirs.encode(line, { add_special_tokens: false }).ids);
      for (const [index, [start, end]] of offsets.entries()) {
        const token = ours.idToToken(ids[index]!)?.replace(/^##(?=.)/, "");
        const sliced = line
          .slice(start, end)
          .toLowerCase()
          .normalize("NFD")
          .replace(/\p{Mn}/gu, "");
        if (token !== "[UNK]") expect(sliced).toBe(token);
      }
    }
  });
});
