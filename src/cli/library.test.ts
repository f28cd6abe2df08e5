import { readdirSync, readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = new URL("../", import.meta.url);

/** Texts of a source file: string literals and the fixed parts of templates. */
function textsOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(new URL(file, root), "utf8"), ts.ScriptTarget.Latest);
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      texts.push(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

describe("the library", () => {
  it("speaks of settings: no text outside src/cli has a flag in it, but for the calls that model cards show, and the commands that submit writes", () => {
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
      (file) => file.endsWith(".ts") && !/^(cli|submit)\b|\.test\.ts$|-card\.ts$/.test(file),
    );
    expect(files.length).toBeGreaterThan(150);
    const flags = files.flatMap((file) =>
      textsOf(file)
        .filter((text) => /(^|[\s`"'(])--[a-z]/.test(text))
        .map((text) => `${file}: ${text}`),
    );
    expect(flags).toEqual([]);
  });
});
