import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
  exports: Record<string, string | { import: string; types: string }>;
};

describe("package.json", () => {
  it.each(Object.entries(manifest.exports).filter(([, target]) => typeof target !== "string"))(
    "exports %s from a source that exists",
    (_, target) => {
      const { import: code, types } = target as { import: string; types: string };
      for (const file of [code, types]) {
        const source = file.replace("./dist/", "src/").replace(/(\.d)?\.(ts|js)$/, ".ts");
        expect(existsSync(source), source).toBe(true);
      }
    },
  );
});
