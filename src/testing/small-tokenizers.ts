import { trainBpe } from "../text/bpe-trainer.js";
import { createBpeTokenizer, createTokenizer, type Tokenizer } from "../text/tokenizer.js";
import { fromVocabTxt } from "../text/vocab-files.js";

/** Sentences the small test tokenizers are made of. */
export const sentences = [
  "The old harbour of Vellmar lies where the river Orne meets the sea.",
  "Marta Quill, who was born in Vellmar, wrote three novels about the river.",
  "Its harbour master isn't the author's brother; he's a painter from Tarn.",
  "Café owners in Tarn sell “blue bread” for 12.50 a loaf — naïve, but true!",
];

/** A small RoBERTa-like tokenizer: any text can be written in it. */
export async function smallBpe(): Promise<Tokenizer> {
  const { vocabJson, mergesTxt } = await trainBpe(sentences, { vocabSize: 420, minFrequency: 1 });
  return createBpeTokenizer(vocabJson, mergesTxt);
}

/** The vocabulary of {@link smallBert}: letters, marks, and a few longer pieces. */
export function smallVocabTxt(): string {
  const letters = [..."abcdefghijklmnopqrstuvwxyz0123456789"];
  const marks = [..."!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~“”—日本"];
  const pieces = ["harbour", "river", "the", "ve", "##llm", "##ar", "ma", "##rta", "born", "cafe"];
  return [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    ...letters,
    ...letters.map((l) => `##${l}`),
    ...marks,
    ...pieces,
  ].join("\n");
}

/** A small uncased BERT-like tokenizer; what is not made of its letters and marks is unknown. */
export function smallBert(lowercase = true): Tokenizer {
  const made = fromVocabTxt(smallVocabTxt(), {}, "vocab.txt");
  const normalizer = { ...(made.normalizer as object), lowercase };
  return createTokenizer({ ...made, normalizer }, {}, "vocab.txt");
}
