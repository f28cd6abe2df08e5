/** The README's run command on a tiny model: everything that it does. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { demoExamples } from "../src/demo/examples.js";
import { adapterBits, filesBelow, json, sha256 } from "./support.js";

interface Report {
  readonly backbone: { readonly own: boolean; readonly hashBefore: string; readonly hashAfter: string };
  readonly taught: {
    readonly places: Record<
      "country" | "harbour",
      { readonly facts: number; readonly questions: number; readonly right: Record<string, number> }
    >;
    readonly text: Record<"plain" | "named", Record<"before" | "perplexity" | "argmaxKept", number>>;
    readonly examples: readonly { readonly answers: Record<string, string> }[];
    readonly unplugged: { readonly questions: number; readonly same: number; readonly words: number };
    readonly othersSame: boolean;
  };
  readonly relations: {
    readonly accuracy: Record<"knownPatterns" | "newPatterns", Record<"adapter" | "noAdapter" | "majority", number>>;
  };
  readonly html: string;
}

test("the demo teaches, asks, unplugs, tells relations, and leaves the model as it was", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kadapter-demo-"));
  const at = (...names: string[]) => join(folder, ...names);
  try {
    await writeFile(
      at("text.txt"),
      demoExamples("train")
        .map(({ text }) => text)
        .join("\n"),
    );
    await json([
      ...["pretrain", "lm", "--train", at("text.txt"), "--out", at("model"), "--layers", 2, "--heads", 2],
      ...["--hidden-size", 32, "--vocab-size", 400, "--max-length", 64, "--dev-texts", 5, "--max-steps", 30],
    ]);
    const before = await filesBelow(at("model"));
    const weights = sha256(await readFile(at("model", "model.safetensors")));
    const report = await json(["demo", "--backbone", at("model"), "--out", at("demo"), "--epochs", 5]);
    const { backbone, taught, relations, html } = report as unknown as Report;
    expect(await filesBelow(at("model"))).toEqual(before);
    expect(sha256(await readFile(at("model", "model.safetensors")))).toBe(weights);
    expect(backbone).toMatchObject({ own: false, hashAfter: backbone.hashBefore });
    const { country, harbour } = taught.places;
    expect([country.facts, country.questions, harbour.facts, harbour.questions]).toEqual([58, 116, 21, 42]);
    // Each place's texts are closed to the other's adapter.
    for (const { right } of [country, harbour]) expect(right["together"]).toBe(right["adapter"]);
    expect(taught.text.plain).toMatchObject({ perplexity: taught.text.plain.before, argmaxKept: 1 });
    expect(taught.text.named.perplexity).not.toBe(taught.text.named.before);
    expect(taught.unplugged.same).toBe(taught.unplugged.questions);
    expect(taught.unplugged.words).toBeGreaterThan(300);
    expect(taught.othersSame).toBe(true);
    for (const { answers } of taught.examples) {
      expect(Object.keys(answers)).toEqual(["before", "adapter", "together", "unplugged"]);
      expect(answers["unplugged"]).toBe(answers["before"]);
    }
    const { accuracy } = relations;
    expect(accuracy.knownPatterns.adapter).toBeGreaterThan(2 * accuracy.knownPatterns.majority);
    expect((await readFile(html, "utf8")).match(/<polyline /g)).toHaveLength(8);
    for (const name of ["country", "harbour", "relations"]) {
      expect(Object.keys(await adapterBits(at("demo", name)))).toHaveLength(2);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
