import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { documentOf, known, mentionsIn } from "../../testing/known.js";
import { Aligner } from "./aligner.js";
import { buildTables, tableBytes } from "./tables.js";

/** Tables of names, each the name of an entity whose id is its place. */
const tablesOf = (names: readonly string[]) => buildTables(known(names.map((name, i) => [`e${i}`, [name]])));

const find = async (names: readonly string[], text: string) =>
  mentionsIn(new Aligner(await tablesOf(names)).align(documentOf(text)));

describe("names", () => {
  it("finds the longest name at each place", async () => {
    const names = ["New York", "New York City", "York", "City Hall"];
    expect(await find(names, "New York City Hall, New York, York")).toEqual([
      "New York City=e1",
      "New York=e0",
      "York=e2",
    ]);
  });

  it("compares words and signs, whatever white space, hyphens and apostrophes", async () => {
    const names = ["St. Louis", "O'Brien", "Jean-Luc", "AC/DC", "Yahoo!", "C++", "(500) Days"];
    const text = "St.  Louis, O’Brien, Jean–Luc, AC / DC; Yahoo! C++ (500) Days. But Yahoo, St Louis and C are none.";
    expect(await find(names, text)).toEqual([
      "St.  Louis=e0",
      "O’Brien=e1",
      "Jean–Luc=e2",
      "AC / DC=e3",
      "Yahoo!=e4",
      "C++=e5",
      "(500) Days=e6",
    ]);
  });

  it("goes across no end of a sentence and no empty line", async () => {
    expect(await find(["Paris France", "Big Ben"], "In Paris. France won. Big\n\nBen. Big\nBen")).toEqual([
      "Big\nBen=e1",
    ]);
  });

  it("tells capitals from small letters, but for a sentence's first word and the article", async () => {
    const names = ["glass", "Reading", "The Hague"];
    const text = "Glass is clear. We like Glass, glass and reading in the Hague or The Hague.";
    expect(await find(names, text)).toEqual(["Glass=e0", "glass=e0", "the Hague=e2", "The Hague=e2"]);
  });

  it("looks for no name that stands everywhere or nowhere, and counts them", async () => {
    const names = ["", " ", "...", "A", "x.", "1984", "1,234", "It", "the", "金", "word ".repeat(33), "Z".repeat(5000)];
    const { counts } = await tablesOf([...names, "US", "Who?", "Vienna"]);
    expect(counts).toMatchObject({
      names: 3,
      skipped: {
        "names without a letter": 3,
        "names of one letter": 3,
        "names that are numbers": 2,
        "names that are common words": 2,
        "names of more than 32 words": 2,
      },
    });
  });

  it("says in one line where no name can be looked for", async () => {
    await expect(tablesOf(["", "1"])).rejects.toThrow("test: no entity has a name that can be looked for");
  });

  it("finds names in scripts without spaces, from right to left, and beyond the basic plane", async () => {
    const names = ["東京都", "東京", "서울", "กรุงเทพ", "القاهرة", "תל אביב", "𝒜𝒷", "𠮷野家", "Ελλάδα", "Москва"];
    const text = "私は東京都と東京に行く。서울은 กรุงเทพมหานคร, في القاهرة وتל תל אביב 𝒜𝒷 𝒜𝒷𝒸 は𠮷野家で Ελλάδα Москва";
    expect(await find(names, text)).toEqual([
      "東京都=e0",
      "東京=e1",
      "서울=e2",
      "กรุงเทพ=e3",
      "القاهرة=e4",
      "תל אביב=e5",
      "𝒜𝒷=e6",
      "𠮷野家=e7",
      "Ελλάδα=e8",
      "Москва=e9",
    ]);
  });

  it("takes composed letters for decomposed ones", async () => {
    expect(await find(["Beyonce\u0301", "Zürich"], "Beyonc\u00e9 in Zu\u0308rich.")).toEqual([
      "Beyonc\u00e9=e0",
      "Zu\u0308rich=e1",
    ]);
  });

  it("takes signs of patterns as they are", async () => {
    const names = ["a.b", "(x+)+y", "[A-Z]*", "$^", "\\d{3}", "M*A*S*H"];
    expect(await find(names, "aXb a.b (x+)+y [A-Z]* \\d{3} MASH M*A*S*H")).toEqual([
      "a.b=e0",
      "(x+)+y=e1",
      "[A-Z]*=e2",
      "\\d{3}=e4",
      "M*A*S*H=e5",
    ]);
  });

  it("does not end at lone surrogates and control characters", async () => {
    expect(await find(["Vienna"], "\ud800Vienna\udc00 \u0000\u001b[31m Vienna\ud83d")).toEqual([
      "Vienna=e0",
      "Vienna=e0",
    ]);
  });

  it("finds whatever it is given between two words, as a whole", async () => {
    const name = fc.string({ unit: "grapheme", minLength: 2, maxLength: 20 }).filter((one) => /\p{Lu}\p{L}/u.test(one));
    await fc.assert(
      fc.asyncProperty(name, async (one) => {
        const [tables, text] = [await tablesOf([one]).catch(() => null), `§ ${one.normalize("NFC")} §`];
        // A name that is a common word or the like is looked for by nobody.
        if (tables === null) return;
        const found = new Aligner(tables).align(documentOf(text)).sentences.flatMap(({ mentions }) => mentions);
        expect(found.map(({ id }) => id)).toContain("e0");
      }),
      { numRuns: 50 },
    );
  });

  it("keeps the best known entities of a name that ten thousand have", async () => {
    const entities = Array.from({ length: 10_000 }, (_, i) => [`e${i}`, ["John Smith"]] as const);
    const tables = await buildTables(known([...entities, ["place", ["Springfield"]]], [["e7777", "P19", "place"]]));
    expect(tables.counts.skipped).toEqual({ "entities of names that more than 64 have": 10_000 - 64 });
    const text = "John Smith of Springfield. ".repeat(200);
    const found = new Aligner(tables).align(documentOf(text));
    expect(mentionsIn(found)).toHaveLength(400);
    expect(mentionsIn(found)[0]).toBe("John Smith=e7777");
  });

  it("finds ten thousand names that begin alike", async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `House of the Rising Sun ${i.toString(36)}x`);
    expect(await find(names, `We saw ${names[9999]} and ${names[1]}.`)).toEqual([
      `${names[9999]}=e9999`,
      `${names[1]}=e1`,
    ]);
  });

  it("takes less than a hundred bytes a name", async () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `Name${i} Surname${i % 977}`);
    const tables = await tablesOf(names);
    expect(tables.counts.names).toBe(20_000);
    // Without what every table has, however small.
    expect(tableBytes(tables.names) / 20_000).toBeLessThan(100);
  });
});
