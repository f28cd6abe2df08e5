import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Executor, LoadedGraph } from "../engine/executor.js";
import { cast, GraphBuilder, toOnnx } from "../graph/index.js";
import { localExecutor } from "../runtime/local.js";
import { SubjectGate } from "../tasks/recall/subject-gate.js";
import { floatsOf, type HostTensor } from "../tensor.js";
import { loadTokenizer, type Tokenizer } from "../text/tokenizer.js";
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
const words = [...subjects, "Nigeria", "new", "York", "(", ")", " ", "  ", ", ", "x", "s", "9", "é", "!", "Ruritania"];

let executor: Executor;
let graph: LoadedGraph;
let tokenizer: Tokenizer;
beforeAll(async () => {
  executor = await localExecutor({ device: "cpu", threads: 1 });
  tokenizer = await loadTokenizer("models/own");
  const g = new GraphBuilder();
  const fed = (name: string) => cast(g, g.input(name, "int64", ["batch", "sequence"]), "int32");
  const trie = subjectTrie(tokenizer, subjects, tokenizer.vocabSize);
  const gate = subjectGate(g, trie, { ids: fed("ids"), mask: fed("mask") });
  graph = await executor.load({ model: toOnnx(g.build({ gate })) });
});
afterAll(() => executor.close());

const int64 = (rows: readonly (readonly number[])[]): HostTensor => ({
  dtype: "int64",
  shape: [rows.length, rows[0]?.length ?? 0],
  data: BigInt64Array.from(rows.flat(), BigInt),
});

/** Texts in one batch, padded on one side with a token that is a subject of its own. */
async function gates(texts: readonly (readonly number[])[], left: boolean): Promise<boolean[]> {
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
  return Array.from(floatsOf(await graph.run(feeds, ["gate"]), "gate"), (open) => open === 1);
}

it("opens where the gate of a training opens, whatever stands there and however it is padded", async () => {
  const gate = new SubjectGate(tokenizer, subjects);
  const text = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(""));
  const texts = fc.array(text, { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(texts, fc.boolean(), async (batch, left) => {
      const ids = batch.map((one) => tokenizer.withSpecials(tokenizer.encode(one).ids));
      expect(await gates(ids, left)).toEqual(ids.map((one) => gate.opens(one)));
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
  const ids = texts.map((text) => tokenizer.withSpecials(tokenizer.encode(text).ids));
  expect(await gates(ids, false)).toEqual([true, false, true, true, true, false, false, false]);
});
