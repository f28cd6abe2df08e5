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
let own: Gates;
beforeAll(async () => {
  executor = await localExecutor({ device: "cpu", threads: 1 });
  own = await gatesOf("models/own");
});
afterAll(() => executor.close());

const int64 = (rows: readonly (readonly number[])[]): HostTensor => ({
  dtype: "int64",
  shape: [rows.length, rows[0]?.length ?? 0],
  data: BigInt64Array.from(rows.flat(), BigInt),
});

/** A tokenizer, and graphs that tell where the gate opens. */
interface Gates {
  readonly tokenizer: Tokenizer;
  readonly graphs: Readonly<Record<GateReach, LoadedGraph>>;
}

async function gatesOf(folder: string): Promise<Gates> {
  const tokenizer = await loadTokenizer(folder);
  const trie = subjectTrie(tokenizer, subjects, tokenizer.vocabSize);
  const load = async (tables: SentenceTables | null) => {
    const g = new GraphBuilder();
    const fed = (name: string) => cast(g, g.input(name, "int64", ["batch", "sequence"]), "int32");
    const gate = subjectGate(g, { trie, sentences: tables }, { ids: fed("ids"), mask: fed("mask") });
    return executor.load({ model: toOnnx(g.build({ gate })) });
  };
  const tables = sentenceTables(tokenizer, tokenizer.vocabSize);
  return { tokenizer, graphs: { text: await load(null), sentence: await load(tables) } };
}

/** Where gates open in texts of one batch, which is padded on one side with a token that is a subject of its own. */
async function openPositions(
  { tokenizer, graphs }: Gates,
  texts: readonly (readonly number[])[],
  reach: GateReach,
  left = false,
): Promise<boolean[][]> {
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

const encoded = ({ tokenizer }: Gates, text: string) => tokenizer.withSpecials(tokenizer.encode(text).ids);

/** Fails unless graph and gate tell the same of random texts. */
async function compare(gates: Gates, reach: GateReach, numRuns: number): Promise<void> {
  const gate = new SubjectGate(gates.tokenizer, subjects, reach);
  const text = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 30 }).map((parts) => parts.join(""));
  const texts = fc
    .array(text, { minLength: 1, maxLength: 6 })
    .map((batch) => batch.map((one) => encoded(gates, one)))
    .filter((batch) => batch.every(({ length }) => length > 0));
  await fc.assert(
    fc.asyncProperty(texts, fc.boolean(), async (batch, left) => {
      const expected = batch.map((ids) => ids.map((_, i) => gate.opensAt(ids, i)));
      expect(await openPositions(gates, batch, reach, left)).toEqual(expected);
    }),
    { numRuns },
  );
}

it.each(gateReaches)("opens where the gate of a training opens, however texts are padded: %s", (reach) =>
  compare(own, reach, 60),
);

it.each(["bert-cased", "roberta-plain", "xlm-roberta-plain", "xlnet-plain", "gpt2-plain"])(
  "does so with other tokenizers: %s",
  async (name) => {
    const gates = await gatesOf(`test/compat/tokenizers/${name}`);
    for (const reach of gateReaches) await compare(gates, reach, 30);
  },
);

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
  const ids = texts.map((text) => encoded(own, text));
  const open = await openPositions(own, ids, "text");
  expect(open.map(([first]) => first)).toEqual([true, false, true, true, true, false, false, false]);
});

it("opens a subject's sentence and no other", async () => {
  const other = "The sea was calm, and they all went home early that day. ";
  const ids = encoded(own, `${other}${other}Vienna is a city. ${other}${other}`);
  const [open = []] = await openPositions(own, [ids], "sentence");
  const at = ids.indexOf(own.tokenizer.encode(" Vienna").ids[0] as number);
  expect([open[2], open[at], open.at(-2)]).toEqual([false, true, false]);
});
