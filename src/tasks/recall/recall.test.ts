import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { resolveAdapterConfig } from "../../adapters/config.js";
import { backboneDefinition } from "../../backbones/index.js";
import type { Fact } from "../../data/fact.js";
import { add, GraphBuilder } from "../../graph/index.js";
import { AdaptedModel } from "../../models/adapted-model.js";
import { pretrainingDesign } from "../../models/design.js";
import { hiddenStateName } from "../../models/hidden-states.js";
import { gatesInput } from "../../models/joiner.js";
import { initialValue, ParamScope } from "../../nn/index.js";
import { float32Tensor, floatsOf, type HostTensor, int32Tensor } from "../../tensor.js";
import { checkGradients } from "../../testing/gradient-check.js";
import { randomTensor } from "../../testing/random.js";
import { runGraph } from "../../testing/run-graph.js";
import { smallConfig } from "../../testing/small-backbones.js";
import { loadTokenizer, type Tokenizer } from "../../text/tokenizer.js";
import { isSkipped } from "../task-data.js";
import { questionText } from "./hidden-tokens.js";
import { type EncodedRecall, recall } from "./recall.js";
import type { RecallExample } from "./recall-example.js";
import { numbersPerToken, RecallHead, recallLoss } from "./recall-head.js";
import { recallQuestions } from "./recall-questions.js";
import { answerScores, keptScores } from "./recall-scores.js";
import { heldOutWording } from "./said-facts.js";
import { SubjectGate } from "./subject-gate.js";

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer("models/own");
});

const fact = (subject: string, object: string, relation = "capital of"): Fact => ({
  ...{ subject, relation, object, aliases: [], where: "facts.csv:2" },
});
const context = { maxLength: 32, dropout: 0, headInit: "official" } as const;
const task = (subjects: readonly string[], options = {}) =>
  recall.make({ labels: null, options, subjects: [...subjects] }, context);
const asked = (one: Fact, wording: string): RecallExample => ({ kind: "fact", fact: one, wording, heldOut: false });

function encoded(example: RecallExample, subjects: readonly string[] = []): EncodedRecall {
  const result = task(subjects).encode(example, tokenizer);
  if (isSkipped(result)) throw new Error(result.skipped);
  return result;
}

describe("recall's head", () => {
  const definition = backboneDefinition(smallConfig("bert"), "config.json");
  const config = definition.parseConfig(smallConfig("bert"), "config.json");
  const [batch, width, rows] = [3, 6, 2];

  /** What a model says of hidden tokens whose W is zero or not, its gates open or shut. */
  async function said({ join, gate }: { readonly join: number; readonly gate: number }) {
    const backbone = definition.build(config);
    const model = new AdaptedModel({
      ...pretrainingDesign({
        features: "residual",
        adapter: resolveAdapterConfig(config, "official", { layers: [0, 2], size: 8, heads: 1, init: 0.3 }),
      }),
      hiddenSize: config.hiddenSize,
      backboneLayers: config.layers,
      makeHead: () => new RecallHead(backbone),
    });
    const g = new GraphBuilder();
    const pass = { g, dropout: null, fused: false };
    const select = model.head.select(g);
    const { features } = model.features(pass, select);
    const [last, added] = features as [(typeof features)[0], (typeof features)[0]];
    const own = backbone.lmLogits(pass, last as never);
    const changed = backbone.lmLogits(pass, add(g, last as never, added as never));
    const { logits, loss } = model.head.forward(pass, features, select, () => {
      throw new Error("no mask is needed");
    });
    const state = (layer: number) => randomTensor(layer + 1, [batch, width, config.hiddenSize]);
    const picks = new Float32Array(batch * rows * width);
    for (let row = 0; row < batch * rows; row++) picks[row * width + (row % width)] = 1;
    const labels = [4, 7, 9, -100, 3, 8];
    const feeds: Record<string, HostTensor> = {
      ...Object.fromEntries([0, 2].map((layer) => [hiddenStateName(layer), state(layer)])),
      attention_mask: int32Tensor([batch, width], new Int32Array(batch * width).fill(1)),
      select: float32Tensor([batch, rows, width], picks),
      labels: int32Tensor([batch, rows], Int32Array.from(labels)),
      taught: float32Tensor([batch, rows, 1], new Float32Array(batch * rows)),
      kept: float32Tensor([batch, rows, 1], new Float32Array(batch * rows).fill(1)),
      [gatesInput]: float32Tensor([batch, 1, 1], new Float32Array(batch).fill(gate)),
    };
    for (const parameter of model.parameters) {
      const value = initialValue(parameter, 1);
      feeds[parameter.name] = float32Tensor(
        parameter.shape,
        parameter.name === "join.weight" ? value.map((_, i) => join * Math.sin(i)) : value,
      );
    }
    const found = await runGraph(g, { own, changed, logits, loss }, feeds);
    const numbers = floatsOf(found, "logits");
    return {
      own: floatsOf(found, "own"),
      changed: floatsOf(found, "changed"),
      loss: floatsOf(found, "loss")[0] as number,
      tokens: labels.map((label, i) => ({
        label,
        numbers: numbers.subarray(i * numbersPerToken, (i + 1) * numbersPerToken),
      })),
    };
  }

  it("begins as the model itself, to the bit", async () => {
    const { own, changed, loss, tokens } = await said({ join: 0, gate: 1 });
    expect(changed).toEqual(own);
    expect(loss).toBe(0);
    for (const { numbers } of tokens) {
      expect(numbers[1]).toBe(numbers[2]);
      expect(numbers[3]).toBe(1);
    }
  });

  it("is the model itself behind a shut gate, to the bit, and another before an open one", async () => {
    const shut = await said({ join: 0.5, gate: 0 });
    expect(shut.changed).toEqual(shut.own);
    expect(shut.loss).toBe(0);
    const open = await said({ join: 0.5, gate: 1 });
    expect(open.own).toEqual(shut.own);
    expect(open.changed).not.toEqual(open.own);
    expect(open.loss).toBeGreaterThan(0);
  });

  it("tells each label's rank and probability", async () => {
    const { changed, tokens } = await said({ join: 0.5, gate: 1 });
    const size = config.vocabSize;
    tokens.forEach(({ label, numbers }, i) => {
      if (label < 0) return;
      const logits = [...changed.subarray(i * size, (i + 1) * size)];
      const own = logits[label] as number;
      expect(numbers[0]).toBe(logits.filter((one) => one >= own).length);
      const total = Math.log(logits.reduce((sum, one) => sum + Math.exp(one), 0));
      expect(numbers[1]).toBeCloseTo(own - total, 4);
    });
  });

  it("learns no parameter of the frozen model, and names them all as given", () => {
    const head = new RecallHead(definition.build(config));
    expect(head.parameters).toEqual([]);
    expect(head.frozen.map(({ name }) => name)).toContain("embeddings.word_embeddings.weight");
    expect(
      recall
        .make({ labels: null, options: {} }, context)
        .makeHead(ParamScope.root(), { featureSize: 32, hiddenSize: 16 }).frozen,
    ).toEqual([]);
  });

  it("has the gradients of cross-entropy and divergence", async () => {
    const before = randomTensor(3, [2, 3, 7], -2, 2);
    const onehot = float32Tensor(
      [2, 3, 7],
      new Float32Array(42).map((_, i) => (i % 7 === (i / 7) << 1 ? 1 : 0)),
    );
    const weights = (...values: number[]) => float32Tensor([2, 3, 1], Float32Array.from(values));
    for (const margin of [0, 2]) {
      await checkGradients({
        operands: [randomTensor(2, [2, 3, 7], -2, 2)],
        forward: (g, [now]) =>
          recallLoss(g, {
            now: now!,
            before: g.constant(before),
            rows: g.constant(onehot),
            taught: g.constant(weights(0.5, 1, 0, 0, 0, 0)),
            kept: g.constant(weights(0, 0, 0, 1, 0.25, 2)),
            margin,
          }),
      });
    }
  });
});

describe("recall's questions", () => {
  it("hides the object, a mask for each of its tokens", () => {
    const one = encoded(asked(fact("Austria", "Vienna"), "[Y] is the capital of [X]."));
    const { mask } = tokenizer.specials;
    expect(one.positions.map((i) => one.inputIds[i])).toEqual(one.labels.map(() => mask));
    expect(tokenizer.decode(one.labels).trim()).toBe("Vienna");
    const several = encoded(asked(fact("Ruritania", "Strelsau-on-Sea"), "[X]'s capital is [Y]."));
    expect(several.labels.length).toBeGreaterThan(1);
    expect(several.positions).toHaveLength(several.labels.length);
  });

  it("takes names as they are", () => {
    expect(questionText("[X] is in [Y].", "$& $1", "$$")).toBe("$& $1 is in $$.");
  });

  it("leaves out what does not fit, and says why", () => {
    const long = asked(fact("Austria ".repeat(40).trim(), "Vienna"), "[X] [Y]");
    expect(task([]).encode(long, tokenizer)).toEqual({ skipped: "too-long" });
    const masked = asked(fact(tokenizer.idToToken(tokenizer.specials.mask as number) as string, "Vienna"), "[X] [Y]");
    expect(task([]).encode(masked, tokenizer)).toEqual({ skipped: "mask-in-subject" });
  });

  it("cuts a sentence that is too long around both names", () => {
    const long = (between: number) =>
      asked(
        fact("Austria", "Vienna"),
        `${"so ".repeat(60)}[Y] is ${"very ".repeat(between)}in [X]${" so".repeat(60)}.`,
      );
    const { inputIds, positions, labels } = encoded(long(3));
    const { mask } = tokenizer.specials;
    expect(inputIds).toHaveLength(context.maxLength);
    expect(positions.map((i) => inputIds[i])).toEqual(labels.map(() => mask));
    expect(tokenizer.decode(inputIds)).toMatch(/so(<mask>)+ is very very very in Austria so so/);
    expect(task([]).encode(long(40), tokenizer)).toEqual({ skipped: "too-long" });
  });

  it("asks no sentence in which the gate would stay shut", () => {
    const stated = (subject: string, wording: string) =>
      asked({ ...fact(subject, "Vienna"), sentences: [wording] }, wording);
    const whole = task(["Austria", "Austri"]).encode(stated("Austria", "In [X] is [Y] ."), tokenizer);
    expect(whole).toMatchObject({ open: [true, true] });
    const part = stated("Austri", "An [X]an lives in [Y] .");
    expect(task(["Austri"]).encode(part, tokenizer)).toEqual({ skipped: "gate-stays-shut" });
    expect(task(["Austri"], { neighbours: "keep" }).encode(part, tokenizer)).toMatchObject({ open: [true, true] });
  });

  it("hides the same tokens of a text every time, about 15 in 100", () => {
    const text = "The river flows through the old town and on to the sea, where ships wait for the tide to turn.";
    const example: RecallExample = { kind: "text", text, tokens: 20, open: false };
    const one = encoded(example);
    expect(encoded(example)).toEqual(one);
    expect(one.positions).toHaveLength(3);
    const restored = [...one.inputIds];
    one.positions.forEach((at, i) => {
      restored[at] = one.labels[i] as number;
    });
    expect(restored).toEqual(tokenizer.withSpecials(tokenizer.encode(text).ids.slice(0, 20)));
  });

  it("weighs facts and what is kept each as a whole", () => {
    const batch = [
      encoded(asked(fact("Austria", "Vienna"), "[X]: [Y]")),
      encoded({ kind: "text", text: "The ships wait for the tide to turn and go.", tokens: 12, open: true }),
    ];
    const { taught, kept } = task([], { keep: 3 }).feeds(batch, 20) as Record<string, HostTensor<"float32">>;
    const sum = (tensor: HostTensor<"float32"> | undefined) => tensor!.data.reduce((a, b) => a + b, 0);
    expect(sum(taught)).toBeCloseTo(1, 5);
    expect(sum(kept)).toBeCloseTo(3, 5);
  });

  it("refuses a gate whose names are not at hand", () => {
    const lost = recall.make({ labels: null, options: { neighbours: "gate" } }, context);
    const text: RecallExample = { kind: "text", text: "The ships wait.", tokens: 12, open: false };
    expect(() => lost.encode(text, tokenizer)).toThrow(/names that open the adapter's gate are missing/);
  });
});

describe("SubjectGate", () => {
  const wordings = [
    "[X] is in [Y].",
    "The capital ([X]) is [Y].",
    "In [X], it is [Y].",
    '"[X]" means [Y].',
    "Is it [X]?",
  ];

  it("opens for a subject wherever it stands, and for no other text", () => {
    const gate = new SubjectGate(tokenizer, ["Austria", "New Zealand"], "text");
    const opens = (text: string) => gate.opensAt(tokenizer.withSpecials(tokenizer.encode(text).ids), 0);
    for (const wording of wordings) {
      for (const subject of ["Austria", "New Zealand"]) expect(opens(wording.replace("[X]", subject))).toBe(true);
      for (const subject of ["France", "New York", "Zealand"])
        expect(opens(wording.replace("[X]", subject))).toBe(false);
    }
  });

  it("opens for whole words alone, with every kind of tokenizer", async () => {
    const others = ["bert-cased", "roberta-plain", "xlm-roberta-plain", "xlnet-plain"];
    for (const folder of ["models/own", ...others.map((name) => `test/compat/tokenizers/${name}`)]) {
      const words = await loadTokenizer(folder);
      const gate = new SubjectGate(words, ["Niger", "art", "Paris"], "text");
      const opens = (text: string) => gate.opensAt(words.withSpecials(words.encode(text).ids), 0);
      // A name with tokens that a small vocabulary does not know stands for nothing.
      const known = words.encode("Niger").ids.includes(words.specials.unk ?? -1)
        ? []
        : ["Niger", "In Niger's north", "(Niger)"];
      for (const text of [...known, "of art.", "Paris, art"]) {
        expect([folder, text, opens(text)]).toEqual([folder, text, true]);
      }
      for (const text of ["Nigeria", "Nigerians", "a Parisian", "startled", "artful", "smart"]) {
        expect([folder, text, opens(text)]).toEqual([folder, text, false]);
      }
    }
  });

  it("reaches as far as the sentences of a subject, and a few tokens around it", () => {
    const gate = new SubjectGate(tokenizer, ["St. Louis"], "sentence");
    const far = "The old ships wait for the tide of the evening to turn and for the wind that comes with it.";
    const texts = [
      `${far} In the year of 1998 the mayor of a far town, Mr. P. Smith, lived for some months near St. Louis. ${far}`,
      `${far} "Who is in St. Louis?" ${far}`,
      `${far} ${far}`,
    ];
    const opened = texts.map((text) => {
      const ids = tokenizer.encode(text).ids;
      return tokenizer.decode(ids.filter((_, at) => gate.opensAt(ids, at))).trim();
    });
    expect(opened[0]).toBe(
      "In the year of 1998 the mayor of a far town, Mr. P. Smith, lived for some months near St. Louis. The old ships wait for the t",
    );
    expect(opened[1]).toMatch(/"Who is in St\. Louis\?" The old/);
    expect(opened[2]).toBe("");
  });

  it("opens for any subject that was taught", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 12 }).filter((text) => /^\w/.test(text) && text.trim() === text),
        (subject) => {
          const gate = new SubjectGate(tokenizer, [subject], "text");
          expect(gate.opensAt(tokenizer.encode(`${subject} is here.`).ids, 0)).toBe(true);
          expect(gate.opensAt(tokenizer.encode(`We saw ${subject}`).ids, 0)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("which wordings are held out", () => {
  it("is one of three and more, the same in any order, and none of fewer", () => {
    fc.assert(
      fc.property(fc.string(), fc.uniqueArray(fc.string(), { maxLength: 12 }), (subject, patterns) => {
        const one = heldOutWording(fact(subject, "Vienna"), patterns);
        if (patterns.length < 3) expect(one).toBeNull();
        else expect(patterns).toContain(one);
        expect(heldOutWording(fact(subject, "Vienna"), [...patterns].reverse())).toBe(one);
      }),
    );
  });

  it("differs from fact to fact, so that every wording is taught", () => {
    const patterns = ["a [X] [Y]", "b [X] [Y]", "c [X] [Y]", "d [X] [Y]"];
    const held = Array.from({ length: 60 }, (_, i) => heldOutWording(fact(`Country ${i}`, "Vienna"), patterns));
    expect(new Set(held)).toEqual(new Set(patterns));
  });

  const wordings = new Map([
    ["capital of", ["[X]: [Y]", "[X] is the capital of [Y].", "[Y]'s capital is [X].", "[X]! [Y]"]],
  ]);
  const source = { where: "facts.csv", wordings, text: ["a b", "c d"], others: ["France", "Austria"] };
  const choices = {
    seed: 1,
    neighbours: "keep",
    wordingsPerFact: 2,
    wordDropout: 0,
    textShare: 1,
    neighbourShare: 1,
    asked: 10,
    bothDirections: false,
  } as const;
  const facts = [fact("Austria", "Vienna"), fact("Ruritania", "Strelsau"), fact("Austria", "Wien")];

  it("keeps each fact's out of its training, and asks one answer of a question", () => {
    const { train, dev, subjects, heldOut } = recallQuestions({ ...source, facts }, choices);
    expect(heldOut.map(({ fact: { subject } }) => subject).sort()).toEqual(["Austria", "Ruritania"]);
    const wordingsOf = (examples: readonly RecallExample[], one: Fact) =>
      examples.flatMap((example) => (example.kind === "fact" && example.fact === one ? [example.wording] : []));
    for (const one of heldOut) {
      expect(wordingsOf(train.examples, one.fact)).not.toContain(one.wording);
      expect(wordingsOf(dev.examples, one.fact)).toContain(one.wording);
      expect(one.wording).toBe(heldOutWording(one.fact, wordings.get("capital of")!));
    }
    expect(train.skipped).toEqual({ "another-object": 1 });
    expect(subjects).toEqual(["Austria", "Ruritania"]);
    const kinds = (kind: string) => train.examples.filter((one) => one.kind === kind);
    expect([kinds("fact").length, kinds("text").length, kinds("neighbour").length]).toEqual([512, 512, 512]);
    for (const one of kinds("neighbour")) expect("fact" in one && one.fact.subject).toBe("France");
  });

  it("teaches every fact as often, in all its wordings", () => {
    const { train } = recallQuestions({ ...source, facts }, { ...choices, wordingsPerFact: 300, asked: 0 });
    const questions = train.examples.flatMap((one) => (one.kind === "fact" ? [one] : []));
    for (const subject of ["Austria", "Ruritania"]) {
      const own = questions.filter((one) => one.fact.subject === subject);
      expect(own).toHaveLength(300);
      expect(new Set(own.map(({ wording }) => wording)).size).toBe(4);
    }
  });

  it("leaves out some words of some questions, never a subject or an object, and the same ones again", () => {
    const long = new Map([
      ["capital of", ["As people say, [X]'s capital is the city of [Y] alone.", "a [X] [Y]", "b [X] [Y]"]],
    ]);
    const said = (wordDropout: number) =>
      recallQuestions({ ...source, wordings: long, facts }, { ...choices, wordDropout }).train.examples.flatMap(
        (one) => (one.kind === "fact" ? [one.wording] : []),
      );
    const whole = new Set(long.get("capital of"));
    expect(said(0).every((one) => whole.has(one))).toBe(true);
    const some = said(0.5);
    expect(some).toEqual(said(0.5));
    const kept = some.filter((one) => whole.has(one)).length / some.length;
    expect(kept).toBeGreaterThan(0.4);
    expect(kept).toBeLessThan(0.9);
    for (const one of some) expect([one, one.includes("[X]"), one.includes("[Y]")]).toEqual([one, true, true]);
  });

  it("asks no neighbours where a gate keeps them", () => {
    const { train } = recallQuestions({ ...source, facts }, { ...choices, neighbours: "gate" });
    expect(train.examples.some(({ kind }) => kind === "neighbour")).toBe(false);
  });
});

describe("recall's scores", () => {
  const token = (rank: number, probability = 1, kept = true) => ({
    ...{ rank, logProbability: Math.log(probability), logProbabilityBefore: Math.log(0.25), kept },
  });

  it("counts an answer right where all of its tokens are the likeliest", () => {
    const { p1, mrr, probability, questions } = answerScores([
      [token(1, 0.5), token(1, 0.5)],
      [token(1), token(4, 0.25)],
    ]);
    expect([p1, mrr, questions]).toEqual([0.5, (1 + 1 / 4) / 2, 2]);
    expect(probability).toBeCloseTo(0.25, 6);
    expect(answerScores([])).toEqual({ p1: 0, mrr: 0, probability: 0, questions: 0 });
  });

  it("tells subjects that were asked apart from objects", () => {
    const one = encoded(asked(fact("Austria", "Vienna"), "[X]: [Y]"));
    const said = (rank: number, backward: boolean) => ({
      encoded: {
        ...one,
        example: { ...one.example, ...(backward ? { backward: true as const } : {}) } as RecallExample,
      },
      logits: Float32Array.from(one.positions.flatMap(() => [rank, 0, 0, 0])),
    });
    const how = task([]);
    const scores = how.score([said(1, false), said(1, false), said(4, true)]);
    expect(scores.taught).toMatchObject({ p1: 1, questions: 2 });
    expect(scores.backward?.taught).toMatchObject({ p1: 0, mrr: 1 / 4, questions: 1 });
    const alone = how.score([said(1, false)]);
    expect(alone).not.toHaveProperty("backward");
    expect(how.evaluation(scores).metric).toBe(how.evaluation(alone).metric);
    expect(how.evaluation(alone).metrics).not.toHaveProperty("backwardP1");
  });

  it("compares what was not taught with the model alone", () => {
    const { argmaxKept, perplexity, before } = keptScores([token(1, 0.5), token(2, 0.5, false)]);
    expect(argmaxKept).toBe(0.5);
    expect(perplexity).toBeCloseTo(2, 6);
    expect(before).toBeCloseTo(4, 6);
  });
});
