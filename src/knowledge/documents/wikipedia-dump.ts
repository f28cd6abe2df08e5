import type { OnSkip } from "../../data/skips.js";
import { userError } from "../../errors.js";
import { documentBounds } from "../../files/bounds.js";
import { checkedUtf8 } from "../../files/utf8.js";
import type { DocumentSkip, ReadDocument } from "./read-document.js";

/**
 * The articles of MediaWiki's XML export (https://www.mediawiki.org/wiki/Help:Export), page by page, in wikitext. Of a
 * page with several revisions the last one counts.
 *
 * @param path names the file in errors
 */
export async function* dumpDocuments(
  bytes: AsyncIterable<Buffer>,
  path: string,
  name: string,
  onSkip: OnSkip<DocumentSkip>,
): AsyncGenerator<ReadDocument> {
  for await (const { xml, line } of pages(bytes, path)) {
    const where = `${path}:${line}`;
    const text = contentOf(xml.slice(xml.lastIndexOf("<revision>")), "text");
    const [title, ns, id] = ["title", "ns", "id"].map((tag) => contentOf(xml, tag));
    if (title === null || title === undefined || text === null) throw noPage(where);
    if ((ns ?? "0") !== "0") onSkip("other-namespace", where);
    else if (/<redirect\b/.test(xml)) onSkip("redirect", where);
    else yield { id: id ?? `${name}:${line}`, title, text, where, markup: "wikitext" };
  }
}

const noPage = (where: string): Error =>
  userError({
    where,
    what: "a page has no title or no text",
    expected: "MediaWiki's XML, such as …-pages-articles.xml.gz",
    fix: "download the file again",
  });

const [open, close] = ["<page>", "</page>"];

/** What stands in `<page>`: the markup within is escaped, so that no other `<` is in it than those of tags. */
async function* pages(bytes: AsyncIterable<Buffer>, path: string) {
  let rest = "";
  let line = 1;
  // Where the end of the page was looked for already, or where its start may be.
  let from = 0;
  let inside = false;
  const drop = (end: number) => {
    for (let at = rest.indexOf("\n"); at >= 0 && at < end; at = rest.indexOf("\n", at + 1)) line++;
    rest = rest.slice(end);
    from = 0;
  };
  for await (const chunk of checkedUtf8(bytes, path)) {
    rest += chunk.toString("utf8");
    for (;;) {
      const tag = inside ? close : open;
      const at = rest.indexOf(tag, from);
      if (at < 0) {
        from = Math.max(0, rest.length - tag.length);
        if (!inside) drop(from);
        break;
      }
      if (inside) yield { xml: rest.slice(0, at), line };
      drop(at + tag.length);
      inside = !inside;
    }
    if (rest.length > documentBounds.page) {
      throw userError({
        where: `${path}:${line}`,
        what: `a page is longer than ${documentBounds.page} characters`,
        fix: "take a dump of the current pages (pages-articles), without their history",
      });
    }
  }
  if (inside) {
    throw userError({ where: `${path}:${line}`, what: "the file ends within a page", fix: "download it again" });
  }
}

/** What stands in the first tag of a name; null where there is none. `<text/>` is empty. */
function contentOf(xml: string, tag: string): string | null {
  const start = new RegExp(`<${tag}(?:\\s[^>]*)?>`).exec(xml);
  if (start === null) return null;
  if (start[0].endsWith("/>")) return "";
  const from = start.index + start[0].length;
  const end = xml.indexOf(`</${tag}>`, from);
  return end < 0 ? null : unescapeXml(xml.slice(from, end));
}

const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The text that XML's references stand for; unknown ones stay as they are. */
function unescapeXml(xml: string): string {
  if (!xml.includes("&")) return xml;
  return xml.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(lt|gt|amp|quot|apos));/gi, (all, decimal, hex, name) => {
    if (name !== undefined) return named[name.toLowerCase()] ?? all;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}
