import { expect, it } from "vitest";
import { loadTokenizer } from "../../text/tokenizer.js";
import { TokenSentences } from "./token-sentences.js";

const tokenizer = await loadTokenizer("models/own");

function sentencesOf(text: string): readonly string[] {
  const { ids } = tokenizer.encode(text);
  const numbers = new TokenSentences(tokenizer).of(ids);
  const count = (numbers.at(-1) ?? -1) + 1;
  return Array.from({ length: count }, (_, n) => tokenizer.decode(ids.filter((_, at) => numbers[at] === n)).trim());
}

it.each([
  ["one sentence", ["It rains."]],
  ["several", ["It rains.", "The river rises!", "Who knows?", "In 1998 it rose."]],
  ["tokens apart, as in tokenised text", ["It rains .", "The river rises ."]],
  ["marks that close a sentence", ["(It rains.)", '"Who knows?"', "He left."]],
  ["titles, initials and companies", ["Dr. A. B. Smith of Smith Inc. met J. R. Miller and Co. in St. Louis."]],
  ["numbers", ["It cost 3.5 dollars, and No. 7 was sold."]],
  ["what goes on in small letters", ["He asked why? and left."]],
])("tells %s", (_, sentences) => {
  expect(sentencesOf(sentences.join(" "))).toEqual(sentences);
});

it("tells nothing of an empty text", () => {
  expect(new TokenSentences(tokenizer).of([])).toEqual([]);
});
