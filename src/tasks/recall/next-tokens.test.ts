import { beforeAll, describe, expect, it } from "vitest";
import { backboneDefinition } from "../../backbones/index.js";
import { smallConfig } from "../../testing/small-backbones.js";
import { loadTokenizer, type Tokenizer } from "../../text/tokenizer.js";
import { wordIds } from "../../text/word-ids.js";
import { isSkipped } from "../task-data.js";
import { recall } from "./recall.js";
import type { RecallExample } from "./recall-example.js";

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer("models/own");
});

const definition = backboneDefinition(smallConfig("gpt2"), "config.json");
const backbone = { definition, config: definition.parseConfig(smallConfig("gpt2"), "config.json") };
const task = recall.make(
  { labels: null, options: { neighbours: "prior" } },
  { maxLength: 24, dropout: 0, headInit: "official", backbone },
);

const asked = (wording: string, kind: "fact" | "neighbour" = "fact"): RecallExample => {
  const fact = { subject: "Ruritania", relation: "in", object: "Strelsau-on-Sea", aliases: [], where: "facts.csv:2" };
  return kind === "fact" ? { kind, fact, wording, heldOut: false } : { kind, fact, wording, open: true };
};

function encoded(example: RecallExample) {
  const result = task.encode(example, tokenizer);
  if (isSkipped(result)) throw new Error(result.skipped);
  return result;
}

describe("a causal model", () => {
  it("is asked for each token of the object from the tokens before it", () => {
    const { inputIds, positions, labels } = encoded(asked("In [X] lies [Y], people say."));
    const answer = wordIds(tokenizer, "Strelsau-on-Sea");
    expect(labels).toEqual(answer);
    expect(tokenizer.decode(inputIds, { skipSpecials: true }).trim()).toBe(
      `In Ruritania lies ${tokenizer.decode(answer.slice(0, -1)).trim()}`,
    );
    // Each is told where the one before it stands; the last one is nowhere.
    positions.slice(1).forEach((position, i) => {
      expect(inputIds[position]).toBe(answer[i]);
    });
    expect(positions.at(-1)).toBe(inputIds.length - 1);
    expect(tokenizer.decode([inputIds[positions[0] as number] as number]).trim()).toBe("lies");
    expect(inputIds).not.toContain(tokenizer.specials.mask);
  });

  it("does not see what follows the object, so only subjects before it can be asked", () => {
    const { inputIds, labels } = encoded(asked("In [X] lies [Y]"));
    const longer = encoded(asked("In [X] lies [Y] and nothing else."));
    expect([longer.inputIds, longer.labels]).toEqual([inputIds, labels]);
    expect(task.encode(asked("[Y] lies in [X]."), tokenizer)).toEqual({ skipped: "subject-after-object" });
  });

  it("keeps the end of a prompt that is too long, from before the subject on", () => {
    const { inputIds, positions } = encoded(asked(`${"so ".repeat(40)}in [X] lies [Y].`));
    expect(inputIds).toHaveLength(24 - tokenizer.withSpecials([]).length + tokenizer.specialsInFront - 1);
    expect(tokenizer.decode(inputIds)).toMatch(/so in Ruritania lies/);
    expect(positions.at(-1)).toBe(inputIds.length - 1);
    expect(task.encode(asked(`[X]${" so".repeat(40)} [Y].`), tokenizer)).toEqual({ skipped: "too-long" });
  });

  it("is shown no answer of a neighbour, and some next tokens of a text, the same ones every time", () => {
    const { inputIds, positions, labels } = encoded(asked("In [X] lies [Y].", "neighbour"));
    expect([labels, positions]).toEqual([[-100], [inputIds.length - 1]]);
    const text = "The river flows through the old town and on to the sea, where ships wait for the tide to turn.";
    const example: RecallExample = { kind: "text", text, tokens: 20, open: false };
    const one = encoded(example);
    expect(encoded(example)).toEqual(one);
    expect(one.positions).toHaveLength(3);
    const ids = tokenizer.withSpecials(tokenizer.encode(text).ids);
    expect(one.labels).toEqual(one.positions.map((position) => ids[position + 1]));
    expect(one.inputIds).toEqual(ids.slice(0, (one.positions.at(-1) as number) + 1));
  });
});
