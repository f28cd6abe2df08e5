/** The README's run command: everything that it does, with one epoch instead of five. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { json } from "./support.js";

test("the demo trains an adapter that beats the bare model and leaves the model as it was", async () => {
  const out = join(await mkdtemp(join(tmpdir(), "kadapter-demo-")), "demo");
  try {
    const report = await json(["demo", "--out", out, "--epochs", 1]);
    const { accuracy, backbone } = report as {
      accuracy: Record<"knownPatterns" | "newPatterns", Record<"adapter" | "noAdapter" | "majority", number>>;
      backbone: { trained: boolean; hashBefore: string; hashAfter: string };
    };
    expect(backbone.trained).toBe(false);
    expect(backbone.hashAfter).toBe(backbone.hashBefore);
    expect(accuracy.knownPatterns.adapter).toBeGreaterThan(accuracy.knownPatterns.majority);
    expect(accuracy.knownPatterns.adapter).toBeGreaterThan(accuracy.knownPatterns.noAdapter);
    expect(existsSync(join(out, "adapter", "adapter_config.json"))).toBe(true);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
});
