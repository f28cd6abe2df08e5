import { readRelations } from "../src/data/relation-data.js";
import type { RelationExample } from "../src/data/relation-example.js";
import { demoExamples } from "../src/demo/examples.js";
import { RandomStream } from "../src/random.js";
import { realLength } from "./batch.js";

/** Sentences of a file, drawn by a seed. */
export async function sentencesOf(file: string, count: number, seed: number): Promise<RelationExample[]> {
  const examples: RelationExample[] = [];
  for await (const example of readRelations(file, { onSkip: () => undefined })) examples.push(example);
  return new RandomStream(seed, "bench", "sentences").shuffle(examples).slice(0, count);
}

/** Characters of a token, about. */
const tokenCharacters = 4.5;

/**
 * The project's own sentences with others before them, until they are as long as is wanted.
 *
 * @param length tokens of the next sentence, about; by default drawn from the lengths of T-REx
 */
export function ownSentences(count: number, seed: number, length?: number): RelationExample[] {
  const random = new RandomStream(seed, "bench", "sentences");
  const own = demoExamples("train");
  return Array.from({ length: count }, (_, i) => {
    const example = own[i % own.length] as RelationExample;
    const target = (length ?? realLength(random)) - 8;
    let before = "";
    while ((before.length + example.text.length) / tokenCharacters < target)
      before += `${own[random.below(own.length)]?.text} `;
    const moved = ({ start, end }: RelationExample["subject"]) => ({
      start: start + before.length,
      end: end + before.length,
    });
    return {
      ...example,
      text: before + example.text,
      subject: moved(example.subject),
      object: moved(example.object),
    };
  });
}
