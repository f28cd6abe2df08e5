import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Executor, LoadedGraph } from "../engine/executor.js";
import { cast, GraphBuilder, toOnnx } from "../graph/index.js";
import { localExecutor } from "../runtime/local.js";
import { type GateReach, gateReaches, SubjectGate } from "../tasks/recall/subject-gate.js";
import { floatsOf, type HostTensor } from "../tensor.js";
import { loadTokenizer, type Tokenizer } from "../text/tokenizer.js";
import { type SentenceTables, sentenceTables } from "./sentence-tables.js";
import { subjectGate } from "./subject-gate-graph.js";
import { subjectTrie } from "./subject-trie.js";

const subjects = [
  "Vienna",
  "Niger",
  "New York",
  "New York City",
  "Zubrowia",
  "O'Hara",
  "St. Louis",
  "É",
  "Yahoo!",
  "7",
];
const others = ["Nigeria", "York", "(", ")", " ", "  ", ", ", "x", "s", "9", "é", "!", "Ruritania"];
const sentences = [". ", ".", "Mr", " The sea is calm", '."', " 3", " was seen. ", "? ", "A", " (", "…"];
const words = [...subjects, ...others, ...sentences];

let executor: Executor;
let graphs: Readonly<Record<GateReach, LoadedGraph>>;
let tokenizer: Tokenizer;
beforeAll(async () => {
  executor = await localExecutor({ device: "cpu", threads: 1 });
  tokenizer = await loadTokenizer("models/own");
  const trie = subjectTrie(tokenizer, subjects, tokenizer.vocabSize);
  const load = async (sentences: SentenceTables | null) => {
    const g = new GraphBuilder();
    const fed = (name: string) => cast(g, g.input(name, "int64", ["batch", "sequence"]), "int32");
    const gate = subjectGate(g, { trie, sentences }, { ids: fed("ids"), mask: fed("mask") });
    return executor.load({ model: toOnnx(g.build({ gate })) });
  };
  graphs = { text: await load(null), sentence: await load(sentenceTables(tokenizer, tokenizer.vocabSize)) };
});
afterAll(() => executor.close());

const int64 = (rows: readonly (readonly number[])[]): HostTensor => ({
  dtype: "int64",
  shape: [rows.length, rows[0]?.length ?? 0],
  data: BigInt64Array.from(rows.flat(), BigInt),
});

/** Where gates open in texts of one batch, which is padded on one side with a token that is a subject of its own. */
async function gates(texts: readonly (readonly number[])[], reach: GateReach, left = false): Promise<boolean[][]> {
  const width = Math.max(...texts.map(({ length }) => length));
  const padding = tokenizer.encode("7").ids[0] as number;
  const padded = (ids: readonly number[], value: number) => {
    const rest = new Array<number>(width - ids.length).fill(value);
    return left ? [...rest, ...ids] : [...ids, ...rest];
  };
  const feeds = {
    ids: int64(texts.map((ids) => padded(ids, padding))),
    mask: int64(
      texts.map((ids) =>
        padded(
          ids.map(() => 1),
          0,
        ),
      ),
    ),
  };
  const open = floatsOf(await graphs[reach].run(feeds, ["gate"]), "gate");
  const columns = open.length / texts.length;
  return texts.map((ids, row) => {
    const start = row * columns + (left && columns > 1 ? width - ids.length : 0);
    return ids.map((_, i) => open[start + (columns > 1 ? i : 0)] === 1);
  });
}

const encoded = (text: string) => tokenizer.withSpecials(tokenizer.encode(text).ids);

it.each(gateReaches)("opens where the gate of a training opens, however texts are padded: %s", async (reach) => {
  const gate = new SubjectGate(tokenizer, subjects, reach);
  const text = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 30 }).map((parts) => parts.join(""));
  const texts = fc.array(text, { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(texts, fc.boolean(), async (batch, left) => {
      const ids = batch.map(encoded);
      const expected = ids.map((one) => one.map((_, i) => gate.opensAt(one, i)));
      expect(await gates(ids, reach, left)).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

it("tells whole words from parts of others", async () => {
  const texts = [
    "Niger is dry.",
    "Nigeria is large.",
    "(Niger)",
    "Zubrowia",
    "New York",
    "New Yorks",
    "York",
    "Yahoo!x",
  ];
  const open = await gates(texts.map(encoded), "text");
  expect(open.map(([first]) => first)).toEqual([true, false, true, true, true, false, false, false]);
});

it("opens a subject's sentence and no other", async () => {
  const other = "The sea was calm, and they all went home early that day. ";
  const ids = encoded(`${other}${other}Vienna is a city. ${other}${other}`);
  const [open = []] = await gates([ids], "sentence");
  expect([open[2], open[ids.indexOf(tokenizer.encode(" Vienna").ids[0] as number)], open.at(-2)]).toEqual([
    false,
    true,
    false,
  ]);
});
