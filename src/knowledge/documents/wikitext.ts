import { userError } from "../../errors.js";
import type { SourceDocument } from "../align/document.js";
import type { ReadDocument } from "./read-document.js";

/** What is used of wtf_wikipedia (https://github.com/spencermountain/wtf_wikipedia). */
export type WikitextParser = (text: string, options: { readonly title?: string }) => WikitextPage;
interface WikitextPage {
  sections(): readonly {
    paragraphs(): readonly { sentences(): readonly WikitextSentence[] }[];
  }[];
}
interface WikitextSentence {
  text(): string;
  links(): readonly { json(): { readonly type?: string; readonly text?: string; readonly page?: string } }[];
}

/** Not a literal, as the package is no dependency: who reads dumps installs it. */
const parserName: string = "wtf_wikipedia";

/** @throws UserError where wtf_wikipedia is not installed */
export async function loadWikitextParser(): Promise<WikitextParser> {
  const found = (await import(parserName).catch(() => null)) as { readonly default: WikitextParser } | null;
  if (found) return found.default;
  throw userError({
    what: "a dump of Wikipedia is read with wtf_wikipedia, which is not installed",
    fix: "run `npm install wtf_wikipedia`, or take texts without markup, such as wikimedia/wikipedia of Hugging Face's hub (Parquet)",
  });
}

/** The sentences of a page in wikitext as plain text, and where its links stand in it. Tables and lists are left out. */
export function plainText({ markup: _, ...page }: ReadDocument, parse: WikitextParser): SourceDocument {
  const parsed = parse(page.text, page.title === null ? {} : { title: page.title });
  const links: { start: number; end: number; target: string }[] = [];
  let text = "";
  for (const section of parsed.sections()) {
    for (const paragraph of section.paragraphs()) {
      let before = text === "" ? "" : "\n\n";
      for (const sentence of paragraph.sentences()) {
        const words = sentence.text().trim();
        if (words === "") continue;
        text += before;
        before = " ";
        for (const link of linksIn(sentence, words)) links.push({ ...link, ...shifted(link, text.length) });
        text += words;
      }
    }
  }
  return { ...page, text, links };
}

const shifted = ({ start, end }: { readonly start: number; readonly end: number }, by: number) => ({
  start: start + by,
  end: end + by,
});

/** The parser tells a sentence's links in their order, with their words: each stands behind the one before. */
function linksIn(sentence: WikitextSentence, words: string) {
  let from = 0;
  return sentence.links().flatMap((link) => {
    const { type, page, text } = link.json();
    const shown = text ?? page ?? "";
    const start = shown === "" ? -1 : words.indexOf(shown, from);
    if (type !== "internal" || page === undefined || start < 0) return [];
    from = start + shown.length;
    return [{ start, end: from, target: page }];
  });
}
