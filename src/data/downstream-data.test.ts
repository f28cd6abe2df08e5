import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { readEntityTyping } from "./entity-typing.js";
import { readMultipleChoice } from "./multiple-choice.js";
import { type OpenQuestion, readOpenQuestions } from "./open-questions.js";
import { SkipCounter } from "./skips.js";

let folder = "";
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kadapter-downstream-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function file(content: string | Uint8Array, name = `set-${files++}`): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = [];
  for await (const item of items) result.push(item);
  return result;
}

async function messageOf(items: AsyncIterable<unknown>): Promise<string> {
  const error = await all(items).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).not.toContain("\n");
  return (error as UserError).message;
}

/** Whatever is changed in a file, it gives examples or one clear error. */
async function survives(content: string, read: (path: string) => AsyncIterable<unknown>, ending = ""): Promise<void> {
  const change = fc.record({
    at: fc.nat(content.length),
    cut: fc.nat(6),
    what: fc.oneof(fc.constantFrom("", "0", "null", '"', "[", "}", ",", "\n", "-1"), fc.string({ maxLength: 3 })),
  });
  await fc.assert(
    fc.asyncProperty(change, async ({ at, cut, what }) => {
      const path = await file(content.slice(0, at) + what + content.slice(at + cut), `changed-${files++}${ending}`);
      const error = await all(read(path)).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (error !== undefined) expect(error).toBeInstanceOf(UserError);
    }),
    { numRuns: 100 },
  );
}

describe("entity typing", () => {
  const sent = "Old 😀 Marta Quill left .";

  it("counts code points, and leaves white space out of mentions", async () => {
    const path = await file(JSON.stringify([{ sent, start: 5, end: 17, labels: ["person", "person"], ents: [] }]));
    const [example] = await all(readEntityTyping(path));
    expect(sent.slice(example!.mention.start, example!.mention.end)).toBe("Marta Quill");
    expect(example!.labels).toEqual(["person"]);
  });

  it("says what is wrong, and where", async () => {
    const path = await file(JSON.stringify([{ sent, start: 20, end: 90, labels: [] }]));
    expect(await messageOf(readEntityTyping(path))).toMatch(/:1: .*no words stand at 20 to 90/);
    expect(await messageOf(readEntityTyping(await file(JSON.stringify([{ sent, start: 1, end: 3 }]))))).toMatch(
      /field "labels"/,
    );
    const bare = await file(JSON.stringify([{ sent, start: 0, end: 3 }]));
    expect(await all(readEntityTyping(bare, { unlabelled: true }))).toHaveLength(1);
    await survives(JSON.stringify([{ sent, start: 6, end: 17, labels: ["person"] }]), readEntityTyping);
  });
});

describe("multiple choice", () => {
  const header = "id,context,question,answer0,answer1,answer2,answer3,label\n";
  const text = fc.string({ minLength: 1, maxLength: 12 }).filter((value) => value.trim() !== "");
  const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;

  it("reads any text out of CSV and JSON Lines alike", async () => {
    const records = fc.array(fc.tuple(fc.array(text, { minLength: 6, maxLength: 6 }), fc.integer({ min: 0, max: 3 })), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(records, fc.boolean(), async (rows, zipped) => {
        const csv = `${header}${rows.map(([cells, label]) => `x,${cells.map(quoted).join(",")},${label}\n`).join("")}`;
        const json = rows.map(([[context, question, answer0, answer1, answer2, answer3], label]) =>
          JSON.stringify({ id: "x", context, question, answer0, answer1, answer2, answer3, label: String(label) }),
        );
        const expected = rows.map(([[context, question, ...answers], label]) => ({
          context,
          question,
          answers,
          label,
        }));
        for (const content of [csv, json.join("\n")]) {
          const read = await all(readMultipleChoice(await file(zipped ? gzipSync(content) : content)));
          expect(read.map(({ context, question, answers, label }) => ({ context, question, answers, label }))).toEqual(
            expected,
          );
        }
      }),
      { numRuns: 50 },
    );
  });

  it("says what is wrong, and where", async () => {
    const row = (label: string) => `${header}1,c,q,a,b,c,d,${label}\n`;
    expect(await messageOf(readMultipleChoice(await file(row("4"))))).toMatch(
      /:2: field "label": "4"; expected 0 to 3/,
    );
    expect(await messageOf(readMultipleChoice(await file(row(""))))).toMatch(/field "label": it is missing/);
    expect((await all(readMultipleChoice(await file(row("")), { unlabelled: true })))[0]?.label).toBe(-1);
    expect(
      await messageOf(readMultipleChoice(await file(Buffer.from(row("4").replace("c", "\u00e9"), "latin1")))),
    ).toMatch(/:1: byte 4 of it is not UTF-8/);
    expect(await messageOf(readMultipleChoice(await file(Buffer.from(row("4"), "utf16le"))))).toMatch(/it is UTF-16/);
    expect(await messageOf(readMultipleChoice(await file(`${header}1,c,q\n`)))).toMatch(
      /:2: the row has 3 cells, the header \d+/,
    );
    expect(await messageOf(readMultipleChoice(await file("a,b\n1,2\n")))).toMatch(/field "context"/);
    expect(await messageOf(readMultipleChoice(join(folder, "nowhere.csv")))).toMatch(/nowhere/);
    await survives(row("2"), readMultipleChoice);
  });
});

describe("open-domain questions", () => {
  const onSkip = () => undefined;
  const words = (count: number, last = "x") => [...new Array<string>(count - 1).fill("w"), last];
  const question = JSON.stringify({ question: "Who ?", answers: ["Marta"] });
  const documents = JSON.stringify([
    { id: ["q", 0], question: [], document: words(6, "Marta") },
    { id: ["q", 1], question: [], document: words(5) },
    { id: ["q", 2], question: [], document: words(7) },
  ]);

  it("reads thunlp/OpenQA's two files in step, named by either", async () => {
    await file(`${question}\n${question}\n`, "two.txt");
    await file(gzipSync(`${documents}\n[]\n`), "two.json.gz");
    for (const name of ["two.txt", "two.json.gz"]) {
      const { counts, onSkip } = new SkipCounter();
      const read = await all(readOpenQuestions(join(folder, name), { onSkip }));
      expect(counts).toEqual({ "paragraph-of-few-words": 1 });
      expect(read.map(({ paragraphs }) => paragraphs)).toEqual([["w w w w w Marta", "w w w w w w x"], []]);
      expect(read[0]).toMatchObject({ question: "Who ?", answers: ["Marta"] });
    }
    const [first] = await all(readOpenQuestions(join(folder, "two.txt"), { maxParagraphs: 1, onSkip }));
    expect(first!.paragraphs).toHaveLength(1);
    await survives(
      `${question}\n`,
      async function* (path): AsyncGenerator<OpenQuestion> {
        await file(documents, `${path.slice(folder.length + 1, -4)}.json`);
        yield* readOpenQuestions(path, { onSkip });
      },
      ".txt",
    );
  });

  it("reads Quasar-T's questions with contexts from their own folder", async () => {
    await mkdir(join(folder, "quasar", "questions"), { recursive: true });
    await mkdir(join(folder, "quasar", "contexts", "short"), { recursive: true });
    const asked = { uid: "s1", question: "Who ?", answer: "marta", tags: ["1tok"] };
    const path = await file(gzipSync(JSON.stringify(asked)), "quasar/questions/dev_questions.json.gz");
    const contexts = "quasar/contexts/short/dev_contexts.json";
    await file(JSON.stringify({ uid: "s1", contexts: [[0.5, "Marta did ."]] }), contexts);
    expect(await all(readOpenQuestions(path, { onSkip }))).toMatchObject([
      { id: "s1", answers: ["marta"], paragraphs: ["Marta did ."] },
    ]);
    await file(JSON.stringify({ uid: "s2", contexts: [] }), contexts);
    expect(await messageOf(readOpenQuestions(path, { onSkip }))).toMatch(/field "uid": the paragraphs are those of s2/);
  });

  it("reads SearchQA's raw records, one file or a folder of them", async () => {
    const record = {
      id: 7,
      question: "Who ?",
      answer: "Marta",
      search_results: [{ snippet: "a \n b" }, { snippet: null }],
    };
    await mkdir(join(folder, "search"));
    await file(JSON.stringify(record, null, 2), "search/2.json");
    await file(JSON.stringify({ ...record, search_results: null }), "search/1.json");
    const { counts, onSkip } = new SkipCounter();
    const read = await all(readOpenQuestions(join(folder, "search"), { onSkip }));
    expect(counts).toEqual({ "empty-paragraph": 1 });
    expect(read.map(({ paragraphs }) => paragraphs)).toEqual([[], ["a b"]]);
    expect(read[1]).toMatchObject({ id: "7", answers: ["Marta"] });
    expect(
      await all(readOpenQuestions(await file(JSON.stringify([record, record]), "several.json"), { onSkip })),
    ).toHaveLength(2);
  });

  it("says what is wrong, and where", async () => {
    await file(`${question}\n${question}\n`, "short.txt");
    await file(`${documents}\n`, "short.json");
    expect(await messageOf(readOpenQuestions(join(folder, "short.txt"), { onSkip }))).toMatch(
      /short.txt:2: .*has no line for it/,
    );
    await file(`${documents}\n${documents}\n${documents}\n`, "short.json");
    expect(await messageOf(readOpenQuestions(join(folder, "short.txt"), { onSkip }))).toMatch(/short.json:3: /);
    expect(await messageOf(readOpenQuestions(await file(question, "alone.txt"), { onSkip }))).toMatch(
      /there is no .*alone.json/,
    );
    const without = await file(JSON.stringify({ question: "Who ?", search_results: [] }), "without.json");
    expect(await messageOf(readOpenQuestions(without, { onSkip }))).toMatch(/the question has no answer/);
    expect(await all(readOpenQuestions(without, { unlabelled: true, onSkip }))).toHaveLength(1);
    await mkdir(join(folder, "empty"));
    expect(await messageOf(readOpenQuestions(join(folder, "empty"), { onSkip }))).toMatch(/no JSON files/);
  });
});
