import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { smallBert, smallBpe } from "../testing/small-tokenizers.js";
import type { MarkedText, TextSpan } from "./marked-text.js";
import { contextWindow, markEntities, markerEvents } from "./markers.js";
import type { Tokenizer } from "./tokenizer.js";

const bert = smallBert();
let bpe: Tokenizer;
beforeAll(async () => {
  bpe = await smallBpe();
});

const text = "Marta Quill was born in Vellmar.";
const at = (part: string, within = text): TextSpan => {
  const start = within.indexOf(part);
  return { start, end: start + part.length };
};
const marked = (tokenizer: Tokenizer, of: string, subject: TextSpan, object: TextSpan, maxLength = 512): MarkedText => {
  const result = markEntities(tokenizer, of, subject, object, { maxLength });
  if ("skipped" in result) throw new Error(result.skipped);
  return result;
};

/** The text with markers written in, as the tokens would be read. */
function written(subject: TextSpan, object: TextSpan, of: string): string {
  let out = "";
  let position = 0;
  for (const event of markerEvents(subject, object)) {
    out += of.slice(position, event.at) + (event.who === "subject" ? "@" : "#");
    position = event.at;
  }
  return out + of.slice(position);
}

describe("markEntities", () => {
  it("marks the subject with @ and the object with #", () => {
    const { inputIds, subject, object } = marked(bert, text, at("Marta Quill"), at("Vellmar"));
    expect(bert.decode(inputIds)).toBe("[CLS] @ marta quill @ was born in # vellmar #. [SEP]");
    expect([bert.idToToken(inputIds[subject]!), bert.idToToken(inputIds[object]!)]).toEqual(["@", "#"]);
    expect(subject).toBe(1);
  });

  it("keeps the space between marker and word with the word, as the official code does", () => {
    const { inputIds } = marked(bpe, text, at("Marta Quill"), at("Vellmar"));
    expect(bpe.decode(inputIds)).toBe("<s>@ Marta Quill@ was born in# Vellmar#.</s>");
    const joined = "Marta Quill was born in Vellmar .";
    const options = { maxLength: 64, official: true };
    expect(marked(bpe, joined, at("Marta Quill"), at("Vellmar"))).toEqual(
      markEntities(bpe, joined, at("Marta Quill"), at("Vellmar"), options),
    );
  });

  it("makes one space of any white space next to a marker", () => {
    const of = "  In \n Vellmar\u00a0 lived\n\nMarta.\n";
    const { inputIds } = marked(bpe, of, at("Marta", of), at("Vellmar\u00a0", of));
    expect(bpe.decode(inputIds)).toBe("<s> In# Vellmar# lived@ Marta@.</s>");
  });

  it.each<[string, TextSpan, TextSpan, string]>([
    ["next to each other", { start: 0, end: 2 }, { start: 2, end: 4 }, "@ab@#cd#ef"],
    ["nested", { start: 1, end: 2 }, { start: 0, end: 4 }, "#a@b@cd#ef"],
    ["overlapping", { start: 2, end: 5 }, { start: 0, end: 4 }, "#ab@cd#e@f"],
    ["with the same start, the longer outside", { start: 0, end: 2 }, { start: 0, end: 4 }, "#@ab@cd#ef"],
    ["with the same end", { start: 0, end: 4 }, { start: 2, end: 4 }, "@ab#cd#@ef"],
    ["identical", { start: 1, end: 3 }, { start: 1, end: 3 }, "a@#bc#@def"],
  ])("orders markers of entities %s", (_name, subject, object, expected) => {
    expect(written(subject, object, "abcdef")).toBe(expected);
  });

  it("points at the markers it wrote, wherever the entities stand, and keeps every character", () => {
    const span = fc.tuple(fc.nat(), fc.nat());
    const letters = fc.string({ unit: fc.constantFrom(..."abc @#é日"), minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(letters, span, span, fc.constantFrom("bert", "bpe"), (of, a, b, kind) => {
        const tokenizer = kind === "bert" ? bert : bpe;
        const make = ([x, y]: readonly [number, number]): TextSpan => {
          const start = x % of.length;
          return { start, end: start + 1 + (y % (of.length - start)) };
        };
        const [subject, object] = [make(a), make(b)];
        const result = marked(tokenizer, of, subject, object);
        expect(result.inputIds[result.subject]).toBe(tokenizer.tokenToId("@"));
        expect(result.inputIds[result.object]).toBe(tokenizer.tokenToId("#"));
        const read = tokenizer.decode(result.inputIds, { skipSpecials: true }).replace(/\s/g, "");
        if (kind === "bpe") expect(read).toBe(written(subject, object, of).replace(/\s/g, ""));
      }),
    );
  });

  it("refuses empty spans, spans outside the text and unknown markers", () => {
    const bad: TextSpan[] = [
      { start: 3, end: 3 },
      { start: 4, end: 2 },
      { start: -1, end: 2 },
      { start: 0, end: 99 },
      { start: 0.5, end: 2 },
      { start: Number.NaN, end: 2 },
    ];
    for (const span of bad) {
      expect(() => markEntities(bert, text, span, at("born"), { maxLength: 32 })).toThrow(UserError);
      expect(() => markEntities(bert, text, at("born"), span, { maxLength: 32 })).toThrow(UserError);
    }
    const options = { maxLength: 32, subjectMarker: "☂" };
    expect(() => markEntities(bert, text, at("born"), at("in"), options)).toThrow(/☂/);
  });

  describe("with the last token's vector", () => {
    const lastTokens = (tokenizer: Tokenizer, of: string, subject: TextSpan, object: TextSpan, maxLength = 512) => {
      const options = { maxLength, entityVector: "last-token" } as const;
      const result = markEntities(tokenizer, of, subject, object, options);
      if ("skipped" in result) throw new Error(result.skipped);
      return {
        ...result,
        tokens: [result.subject, result.object].map((i) => tokenizer.idToToken(result.inputIds[i]!)),
      };
    };

    it("points at the last token of each mention and marks as ever", () => {
      const result = lastTokens(bert, text, at("Marta Quill"), at("Vellmar"));
      expect(result.tokens).toEqual(["##l", "##ar"]);
      expect(result.inputIds).toEqual(marked(bert, text, at("Marta Quill"), at("Vellmar")).inputIds);
    });

    it("points at words, not at the markers of an entity inside", () => {
      const result = lastTokens(bert, "ab river", { start: 0, end: 8 }, { start: 3, end: 8 });
      expect(result.tokens).toEqual(["river", "river"]);
      expect(result.subject).toBe(result.object);
    });

    it("points at the marker where the tokenizer drops the whole mention", () => {
      const result = lastTokens(bert, "the \u200d river", { start: 4, end: 5 }, { start: 6, end: 11 });
      expect(result.tokens).toEqual(["@", "river"]);
    });

    it("moves with the window that is kept", () => {
      const long = `${"the river ".repeat(40)}Marta was born near Vellmar${" the sea".repeat(40)}`;
      const { inputIds, tokens } = lastTokens(bert, long, at("Marta", long), at("Vellmar", long), 30);
      expect(inputIds.length).toBe(30);
      expect(tokens).toEqual(["##rta", "##ar"]);
    });

    it("is not what the official code does", () => {
      const options = { maxLength: 32, official: true, entityVector: "last-token" } as const;
      expect(() => markEntities(bert, text, at("born"), at("in"), options)).toThrow(/first marker/);
    });
  });

  it("takes other markers, of several tokens too", () => {
    const options = { maxLength: 64, subjectMarker: "[", objectMarker: "the river" };
    const result = markEntities(bert, text, at("Marta"), at("born"), options);
    if ("skipped" in result) throw new Error("skipped");
    expect(bert.idToToken(result.inputIds[result.subject]!)).toBe("[");
    expect(bert.idToToken(result.inputIds[result.object]!)).toBe("the");
  });
});

describe("windows", () => {
  const long = `${"the river ".repeat(40)}Marta was born near Vellmar${" the sea".repeat(40)}`;

  it("hold both entities with their markers and as much around them as fits", () => {
    const fits = fc.integer({ min: 24, max: 300 });
    fc.assert(
      fc.property(fits, (maxLength) => {
        const { inputIds, subject, object } = marked(bert, long, at("Marta", long), at("Vellmar", long), maxLength);
        const whole = marked(bert, long, at("Marta", long), at("Vellmar", long));
        expect(inputIds.length).toBe(Math.min(maxLength, whole.inputIds.length));
        expect(bert.decode(inputIds.slice(subject))).toMatch(/^@ marta @ was born near # vellmar #/);
        expect(inputIds[object]).toBe(bert.tokenToId("#"));
        expect(inputIds[0]).toBe(bert.specials.cls);
        expect(inputIds.at(-1)).toBe(bert.specials.sep);
      }),
    );
  });

  it("are skipped with a reason where the entities are too far apart", () => {
    const options = { maxLength: 64 };
    const far = long.lastIndexOf("sea");
    const result = markEntities(bert, long, { start: 4, end: 9 }, { start: far, end: far + 3 }, options);
    expect(result).toEqual({ skipped: "entities-too-far-apart" });
    const tiny = markEntities(bert, text, at("Marta"), at("Vellmar"), { maxLength: 3 });
    expect(tiny).toEqual({ skipped: "entities-too-far-apart" });
  });

  it("share the room between both sides", () => {
    expect(contextWindow(100, 40, 50, 30)).toEqual({ start: 30, end: 60 });
    expect(contextWindow(100, 2, 12, 30)).toEqual({ start: 0, end: 30 });
    expect(contextWindow(100, 88, 98, 30)).toEqual({ start: 70, end: 100 });
    expect(contextWindow(20, 2, 12, 30)).toEqual({ start: 0, end: 20 });
    expect(contextWindow(100, 40, 50, 9)).toBeUndefined();
  });

  it("always hold the core and use all the room there is", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(50), fc.nat(200), fc.nat(300), (before, core, after, room) => {
        const length = before + core + after;
        const window = contextWindow(length, before, before + core, room);
        if (core > room) {
          expect(window).toBeUndefined();
          return;
        }
        expect(window!.start).toBeGreaterThanOrEqual(0);
        expect(window!.start).toBeLessThanOrEqual(before);
        expect(window!.end).toBeGreaterThanOrEqual(before + core);
        expect(window!.end).toBeLessThanOrEqual(length);
        expect(window!.end - window!.start).toBe(Math.min(length, room));
      }),
    );
  });
});

describe("official mode", () => {
  it("cuts at the end and drops a record whose marker is beyond the limit", () => {
    const options = { maxLength: 8, official: true };
    expect(markEntities(bpe, text, at("Marta"), at("Vellmar"), options)).toEqual({ skipped: "marker-beyond-limit" });
    expect(markEntities(bpe, text, at("Marta"), at("Vellmar"), { ...options, maxLength: 200 })).toHaveProperty(
      "subject",
      1,
    );
  });

  it("repeats the words of overlapping entities, as that code does", () => {
    const result = markEntities(
      bpe,
      "ab cd ef",
      { start: 0, end: 5 },
      { start: 3, end: 8 },
      { maxLength: 64, official: true },
    );
    if ("skipped" in result) throw new Error("skipped");
    expect(bpe.decode(result.inputIds)).toBe("<s>@ ab cd@# cd ef#</s>");
  });
});
