import { describe, expect, it } from "vitest";
import { placeTree } from "./arcs.js";
import { curlOf } from "./curl.js";

const width = (text: string) => 8 * text.length;
const words = (...heads: readonly number[]) =>
  heads.map((head, i) => ({ form: `word${i}`, head, relation: head === 0 ? "root" : "a-long-relation" }));

describe("a drawn tree", () => {
  // "The old engineer builds a boat ." and a tree whose arcs cross.
  it.each([
    ["one within another", [3, 3, 4, 0, 6, 4, 4]],
    ["crossing", [0, 1, 5, 1, 2]],
    ["a chain", [0, 1, 2, 3]],
    ["one word", [0]],
  ])("has no two arcs of one height above one place: %s", (_, heads) => {
    const { arcs, levels } = placeTree(words(...heads), width);
    expect(arcs).toHaveLength(heads.length);
    expect(Math.max(...arcs.map(({ level }) => level))).toBe(levels);
    for (const a of arcs) {
      for (const b of arcs) {
        if (a === b || a.level !== b.level) continue;
        const [left, right] = [a, b].sort((one, other) => Math.min(one.from, one.to) - Math.min(other.from, other.to));
        expect(Math.max(left?.from ?? 0, left?.to ?? 0)).toBeLessThanOrEqual(
          Math.min(right?.from ?? 0, right?.to ?? 0) + 16,
        );
      }
    }
  });

  it("leaves room for words and for the labels above them", () => {
    const tree = placeTree(words(2, 0, 2), width);
    tree.words.slice(1).forEach(({ x, form }, i) => {
      const before = tree.words[i] as (typeof tree.words)[number];
      expect(x - before.x).toBeGreaterThan((width(form) + width(before.form)) / 2);
    });
    for (const { from, to, relation, head } of tree.arcs) {
      if (head !== null) expect(Math.abs(to - from)).toBeGreaterThan(width(relation));
    }
    expect(tree.words.at(-1)?.x).toBeLessThan(tree.width);
  });
});

describe("curl", () => {
  it("asks what the page asks, whatever the text holds", () => {
    const body = { text: 'It\'s $HOME `x` \\ "y"' };
    const command = curlOf({ method: "POST", path: "/v1/fill", body }, "http://localhost:8080");
    expect(command).toBe(
      `curl -s 'http://localhost:8080/v1/fill' -H 'content-type: application/json' -d '{"text":"It'\\''s $HOME \`x\` \\\\ \\"y\\""}'`,
    );
    expect(curlOf({ method: "DELETE", path: "/v1/models/a" }, "http://x", true)).toBe(
      `curl -s -X DELETE 'http://x/v1/models/a' -H "authorization: Bearer $TOKEN"`,
    );
  });
});
