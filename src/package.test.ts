import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as {
  exports: Record<string, string | { import: string; types: string }>;
};

const targets = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === "string" ? [] : [{ name, target }],
);
const sourceOf = (file: string) => file.replace("./dist/", "src/").replace(/(\.d)?\.(ts|js)$/, ".ts");

describe("package.json", () => {
  it.each(targets)("exports $name from a source that exists", ({ target }) => {
    for (const file of [target.import, target.types]) expect(existsSync(sourceOf(file)), file).toBe(true);
  });

  /** Front doors show what stands in any room; a worker shows nothing. */
  const doors = [".", "./browser", "./browser/worker"];
  const rooms = targets.filter(({ name }) => !doors.includes(name));
  it.each(rooms)("$name shows what stands in its own folder, by name", ({ name, target }) => {
    const source = readFileSync(sourceOf(target.import), "utf8");
    const exports = [...source.matchAll(/^export (?:type )?(\*|\{[^}]*\}) from "([^"]+)"/gm)];
    expect(exports.map(([, , from]) => from).filter((from) => !from?.startsWith("./"))).toEqual([]);
    // Operators are many, and each is wanted by somebody.
    if (name === "./graph") return;
    const names = exports.flatMap(([, list = ""]) => list.split(",").filter((one) => /\w|\*/.test(one)));
    expect(names).not.toContain("*");
    expect(names.length).toBeGreaterThan(0);
    expect(names.length).toBeLessThanOrEqual(40);
  });
});
