import { describe, expect, it } from "vitest";
import type { Fact } from "../../data/fact.js";
import type { RecallExample } from "./recall-example.js";
import { backwardInWordings, type RecallChoices, recallQuestions } from "./recall-questions.js";
import { partWordings, saidFacts, wordingsOfFact } from "./said-facts.js";
import { turned } from "./turned-facts.js";

const fact = (subject: string, object: string, sentences?: readonly string[], relation = "capital"): Fact => ({
  ...{ subject, relation, object, aliases: [], where: "facts.json:1" },
  ...(sentences ? { sentences } : {}),
});
const choices: RecallChoices = {
  ...{ seed: 1, neighbours: "gate", wordingsPerFact: 2, wordDropout: 0, textShare: 0, neighbourShare: 0, asked: 10 },
  bothDirections: false,
};
const ask = (facts: readonly Fact[], how: Partial<RecallChoices> = {}, patterns: readonly string[] = []) =>
  recallQuestions(
    {
      ...{ where: "facts.json", facts, text: [], others: [] },
      wordings: new Map(patterns.length === 0 ? [] : [["capital", patterns]]),
    },
    { ...choices, ...how },
  );

type FactExample = Extract<RecallExample, { readonly kind: "fact" }>;
const asked = (examples: readonly RecallExample[], test: (one: FactExample) => boolean = () => true) =>
  examples.flatMap((one) => (one.kind === "fact" && test(one) ? [one] : []));
const wordings = (examples: readonly FactExample[]) => [...new Set(examples.map(({ wording }) => wording))].sort();

const several = ["[X] has [Y] .", "[Y] is in [X] .", "See [Y] , [X] ."];

describe("facts that stand in sentences", () => {
  it("are taught in all of them but one, which is asked", () => {
    const one = fact("Austria", "Vienna", several);
    const { train, dev, heldOut, taughtWordings } = ask([one]);
    expect(heldOut).toHaveLength(1);
    const held = heldOut[0]?.wording as string;
    expect(wordings(asked(train.examples))).toEqual(several.filter((sentence) => sentence !== held).sort());
    expect(wordings(asked(dev.examples, ({ heldOut }) => heldOut))).toEqual([held]);
    expect(taughtWordings.get("capital")).not.toContain(held);
    expect(ask([fact("Austria", "Vienna", several.slice(0, 2))]).heldOut).toHaveLength(1);
    expect(ask([fact("Austria", "Vienna", several.slice(0, 1))]).heldOut).toHaveLength(0);
  });

  it("are asked as often as others, and each sentence at least once", () => {
    const sentences = Array.from({ length: 7 }, (_, i) => `${i}: [X] has [Y] .`);
    const facts = [fact("Austria", "Vienna", sentences), fact("Italy", "Rome", several.slice(0, 1))];
    const { train } = ask(facts, { asked: 0 });
    const of = (subject: string) => asked(train.examples, (one) => one.fact.subject === subject);
    expect(wordings(of("Austria"))).toEqual(sentences);
    expect(of("Austria").length / of("Italy").length).toBe(7 / 2);
  });

  it("are taught in given wordings, too", () => {
    const patterns = ["[X]: [Y]", "[X]! [Y]"];
    const { train } = ask([fact("Austria", "Vienna", several)], { asked: 0 }, patterns);
    expect(wordings(asked(train.examples))).toEqual([...several, ...patterns].sort());
  });

  it("keep a held-out sentence from other facts that it states", () => {
    const text = ["[X] has [Y] and a river called Danube .", "See [Y] in [X] ."];
    const austria = fact("Austria", "Vienna", text);
    const river = fact("Austria", "Danube", ["[X] has Vienna and a river called [Y] ."], "river");
    const { said } = saidFacts([austria, river], new Map());
    const heldText = "Austria has Vienna and a river called Danube .";
    const { heldOut, taught, skipped } = partWordings(said, said);
    const held = heldOut[0]?.wording.replace("[X]", "Austria").replace("[Y]", "Vienna");
    expect(heldOut).toHaveLength(1);
    const shares = held === heldText;
    expect(taught.map(({ fact: one }) => one)).toEqual(shares ? [austria] : [austria, river]);
    expect(skipped).toEqual(shares ? { "in-held-out-sentence": 1 } : {});
    // The same the other way, whichever of the two the hash holds out.
    const both = [austria, fact("Austria", "Danube", [river.sentences?.[0] as string, "[Y] of [X] ."], "river")];
    for (const seed of [1, 2, 3]) {
      const { train, heldOut: parts } = ask(both, { seed });
      const texts = new Set(parts.map(({ fact: f, wording }) => filled(f, wording)));
      for (const { fact: f, wording } of asked(train.examples)) expect(texts).not.toContain(filled(f, wording));
    }
  });

  it("have one right answer in the words of a sentence, and one in a wording", () => {
    const facts = [
      fact("Austria", "Vienna", ["[X] has [Y] .", "[Y] is in [X] ."]),
      fact("Austria", "Graz", ["[X] has [Y] .", "[X] has the city of [Y] , too ."]),
    ];
    const { said, skipped } = saidFacts(facts, new Map());
    expect(said.map(wordingsOfFact)).toEqual([facts[0]?.sentences, ["[X] has the city of [Y] , too ."]]);
    expect(skipped).toEqual({ "another-object": 1 });
    const worded = saidFacts(facts, new Map([["capital", ["[X]: [Y]"]]]));
    expect(worded.said.map((one) => one.wordings)).toEqual([["[X]: [Y]"], []]);
    expect(worded.skipped).toEqual({ "another-object": 2 });
  });
});

const filled = ({ subject, object }: Fact, wording: string) => wording.replace("[X]", subject).replace("[Y]", object);

describe("questions in both directions", () => {
  const tables = [fact("Austria", "Vienna"), fact("Ruritania", "Rome"), fact("Italy", "Rome")];
  const patterns = ["[X] has [Y].", "[Y] is in [X].", "[X], [Y]", "[Y]: [X]"];

  it("are turned twice to what they were", () => {
    const one = { fact: fact("Austria", "Vienna"), wording: "[X] has [Y]." };
    expect(turned(one)).toEqual({ fact: fact("Vienna", "Austria"), wording: "[Y] has [X]." });
    expect(turned(turned(one))).toEqual(one);
  });

  it("ask a subject that is the only one, in the wordings of its object, and count the others", () => {
    const { train, dev, subjects, heldOut } = ask(tables, { bothDirections: true }, patterns);
    const back = asked(train.examples, ({ backward }) => backward === true);
    expect(new Set(back.map((one) => one.fact.subject))).toEqual(new Set(["Vienna"]));
    expect(train.skipped).toEqual({ "several-subjects": 2 });
    const forward = asked(train.examples, (one) => !one.backward && one.fact.subject === "Austria");
    expect(back).toHaveLength(forward.length);
    expect(subjects).toEqual(["Austria", "Ruritania", "Italy", "Vienna"]);
    // What is held out is so in both directions.
    const held = heldOut.find((one) => one.fact.subject === "Austria");
    const unseen = asked(dev.examples, (one) => one.backward === true && one.heldOut);
    expect(unseen.map((one) => turned(one).wording)).toEqual([held?.wording]);
    expect(wordings(back)).not.toContain(unseen[0]?.wording);
  });

  it("change nothing of those in one", () => {
    const one = ask(tables, {}, patterns);
    const both = ask(tables, { bothDirections: true }, patterns);
    const forward = (examples: readonly RecallExample[]) => asked(examples, (each) => !each.backward);
    expect(forward(both.train.examples)).toEqual(asked(one.train.examples));
    expect(forward(both.dev.examples)).toEqual(asked(one.dev.examples));
    expect(one.train.examples.some((each) => each.kind === "fact" && each.backward)).toBe(false);
  });

  it("ask a sentence's subject, unless it stands there twice or the words fit another", () => {
    const facts = [
      fact("Austria", "Vienna", ["[X] has [Y] ; Austria is small .", "[Y] , in the east of [X] ."]),
      fact("Ruritania", "Rome", ["[X] has [Y] .", "The old [X] had [Y] ."]),
      fact("Italy", "Rome", ["[X] has [Y] ."]),
    ];
    const { examples, skipped } = backwardInWordings(facts, new Map());
    expect(asked(examples).map((one) => [one.fact.object, one.wording])).toEqual([
      ["Austria", "[X] , in the east of [Y] ."],
      ["Ruritania", "The old [Y] had [X] ."],
    ]);
    expect(skipped).toEqual({ "subject-told": 1, "several-subjects": 2 });
  });
});
