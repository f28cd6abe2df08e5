/** The README's run command on a tiny model: everything that it does. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { demoExamples } from "../src/demo/examples.js";
import { adapterBits, filesBelow, json, sha256 } from "./support.js";

interface Report {
  readonly accuracy: Record<"knownPatterns" | "newPatterns", Record<"adapter" | "noAdapter" | "majority", number>>;
  readonly backbone: { readonly own: boolean; readonly hashBefore: string; readonly hashAfter: string };
  readonly cloze: {
    readonly asked: number;
    readonly right: Record<"ownHead" | "newHead" | "adapter" | "majority", number>;
    readonly examples: readonly { readonly answers: Record<string, string> }[];
  };
  readonly html: string;
}

test("the demo trains an adapter, asks with blanks, and leaves the model as it was", async () => {
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
    const { accuracy, backbone, cloze, html } = report as unknown as Report;
    expect(await filesBelow(at("model"))).toEqual(before);
    expect(sha256(await readFile(at("model", "model.safetensors")))).toBe(weights);
    expect(backbone).toMatchObject({ own: false, hashAfter: backbone.hashBefore });
    expect(accuracy.knownPatterns.adapter).toBeGreaterThan(2 * accuracy.knownPatterns.majority);
    expect(cloze.asked).toBe(75);
    for (const count of Object.values(cloze.right)) expect(count).toBeLessThanOrEqual(cloze.asked);
    expect(cloze.right.newHead).toBeGreaterThan(0);
    for (const { answers } of cloze.examples) {
      expect(Object.keys(answers)).toEqual(["ownHead", "newHead", "adapter"]);
      expect(Object.values(answers)).not.toContain("");
    }
    expect((await readFile(html, "utf8")).match(/<polyline /g)).toHaveLength(4);
    expect(Object.keys(await adapterBits(at("demo", "adapter")))).toHaveLength(2);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
