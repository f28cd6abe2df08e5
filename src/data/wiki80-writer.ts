import { writeFileAtomically } from "../files/atomic.js";
import type { RelationExample, Span } from "./relation-example.js";

/** Writes examples as Wiki80's JSON Lines. */
export async function writeWiki80(path: string, examples: readonly RelationExample[]): Promise<void> {
  await writeFileAtomically(path, examples.map((example) => `${JSON.stringify(wiki80Record(example))}\n`).join(""));
}

/** A record of Wiki80: words, and entities as ranges of words with an exclusive end. */
export function wiki80Record(example: RelationExample): Readonly<Record<string, unknown>> {
  const { text, subject, object } = example;
  const token: string[] = [];
  const positions = new Map<Span, readonly [number, number]>();
  let at = 0;
  // Word borders are forced at the entities' ends, so that no word reaches over one.
  for (const span of [subject, object].sort((a, b) => a.start - b.start)) {
    token.push(...words(text.slice(at, span.start)));
    const first = token.length;
    token.push(...words(text.slice(span.start, span.end)));
    positions.set(span, [first, token.length]);
    at = span.end;
  }
  token.push(...words(text.slice(at)));
  const entity = (span: Span) => ({ name: text.slice(span.start, span.end), id: "", pos: positions.get(span)! });
  return { token, h: entity(subject), t: entity(object), relation: example.relation };
}

/** Words, with hyphens and apostrophes inside them, and single signs. */
function words(text: string): readonly string[] {
  return text.match(/[\p{L}\p{M}\p{N}]+(?:[.'’-][\p{L}\p{M}\p{N}]+)*|\S/gu) ?? [];
}
