/**
 * Finds entities, and facts about two of them, in the sentences of documents.
 * @module
 */
import type { Span } from "../../data/relation-example.js";
import { EntityChooser } from "./choose.js";
import type { AlignedDocument, AlignedMention, AlignedPair, AlignedSentence, SourceDocument } from "./document.js";
import { type Mention, Skipped } from "./draft.js";
import { type FactFilter, FactView } from "./fact-view.js";
import { MentionFinder } from "./find-mentions.js";
import { nodeId } from "./nodes.js";
import { type AlignOptions, defaultAlignOptions } from "./options.js";
import { PairFinder } from "./pairs.js";
import { addSurnames, Persons, pronounsIn } from "./persons.js";
import { SentenceCutter } from "./sentences.js";
import type { AlignTables } from "./tables.js";
import { Tokens } from "./tokens.js";

/**
 * Aligns one document after the other. What it makes of a document follows from the tables, the options and the
 * document alone, so that any number of threads gives the same.
 *
 * @example
 * ```ts
 * const tables = await buildTables(source);
 * const aligner = new Aligner(tables, { noSharedStem: true });
 * const { sentences } = aligner.align({ id: "1", title: "Vienna", text, where: "vienna.txt:1" });
 * ```
 */
export class Aligner {
  readonly options: AlignOptions;
  readonly #tokens = new Tokens();
  readonly #finder: MentionFinder;
  readonly #persons: Persons;
  readonly #sentences: SentenceCutter;
  readonly #pairs: PairFinder;
  readonly #facts: FactView;

  constructor(
    private readonly tables: AlignTables,
    options: Partial<AlignOptions> = {},
  ) {
    this.options = { ...defaultAlignOptions, ...options };
    this.#finder = new MentionFinder(tables);
    this.#persons = new Persons(tables.types);
    this.#sentences = new SentenceCutter(this.options.language);
    this.#pairs = new PairFinder(tables, this.options);
    this.#facts = new FactView(tables.triples);
  }

  /** @param filter the triples that may be used, where not all may */
  align(document: SourceDocument, filter?: FactFilter): AlignedDocument {
    const skipped = new Skipped();
    const facts = filter ? new FactView(this.tables.triples, filter) : this.#facts;
    const tokens = this.#tokens.read(document.text);
    const drafts = this.#finder.find(document, tokens, skipped);
    const about = document.title === null ? [] : this.#finder.entitiesOf(document.title);
    const { mentions: chosen, title } = new EntityChooser(facts).choose(drafts, about);
    const named = this.options.surnames ? addSurnames(document.text, tokens, chosen, this.#persons) : chosen;
    const spans = this.#sentences.cut(document.text, named);
    const mentions =
      this.options.pronouns && title >= 0 ? this.withPronouns(document.text, named, spans, title) : named;
    const sentences = spans.map((span) => ({ span, mentions: [] as Mention[] }));
    let sentence = 0;
    for (const mention of mentions) {
      while (sentence < spans.length - 1 && spans[sentence]!.end < mention.end) sentence++;
      sentences[sentence]?.mentions.push(mention);
    }
    return this.pairUp(document, sentences, facts, skipped);
  }

  private withPronouns(text: string, named: readonly Mention[], sentences: readonly Span[], title: number) {
    const taken = new Set(named.map(({ start }) => start));
    const found = pronounsIn(text, this.#tokens, sentences, title).filter(({ start }) => !taken.has(start));
    return [...named, ...found].sort((a, b) => a.start - b.start);
  }

  private pairUp(
    { id, text }: SourceDocument,
    found: readonly { readonly span: Span; readonly mentions: readonly Mention[] }[],
    facts: FactView,
    skipped: Skipped,
  ): AlignedDocument {
    const pairs = found.map(({ mentions }) => this.#pairs.find(text, this.#tokens, mentions, facts, skipped));
    const negatives = this.negatives(
      id,
      text,
      found,
      facts,
      pairs.reduce((sum, { length }) => sum + length, 0),
    );
    const sentences = found.map(
      ({ span, mentions }, i): AlignedSentence => ({
        text: text.slice(span.start, span.end),
        start: span.start,
        mentions: mentions.map((mention) => this.mention(mention, span.start)),
        pairs: [...pairs[i]!, ...(negatives.get(i) ?? [])],
      }),
    );
    return { id, sentences, skipped: skipped.counts };
  }

  /** For so many pairs with a fact, those without one that are drawn, by sentence. */
  private negatives(
    document: string,
    text: string,
    found: readonly { readonly span: Span; readonly mentions: readonly Mention[] }[],
    facts: FactView,
    positives: number,
  ): ReadonlyMap<number, readonly AlignedPair[]> {
    const most = Math.floor(positives * this.options.negatives);
    if (most === 0) return new Map();
    const all = found.flatMap(({ span, mentions }, sentence) =>
      this.#pairs
        .without(text, this.#tokens, mentions, facts, { document, start: span.start })
        .map(({ order, ...pair }) => ({ order, sentence, pair })),
    );
    const drawn = all.sort((a, b) => a.order - b.order || a.sentence - b.sentence).slice(0, most);
    const bySentence = new Map<number, AlignedPair[]>();
    for (const { sentence, pair } of drawn) {
      const others = bySentence.get(sentence);
      if (others) others.push(pair);
      else bySentence.set(sentence, [pair]);
    }
    return bySentence;
  }

  private mention({ start, end, found, nodes, value, score }: Mention, sentence: number): AlignedMention {
    const id = value ?? nodeId(this.tables.nodes, nodes[0]!);
    return { start: start - sentence, end: end - sentence, id, found, score };
  }
}
