import { describe, expect, it } from "vitest";
import { plainText, type WikitextParser } from "./wikitext.js";

const link = (page: string, text?: string, type = "internal") => ({
  json: () => ({ type, page, ...(text ? { text } : {}) }),
});
const sentence = (text: string, ...links: ReturnType<typeof link>[]) => ({ text: () => text, links: () => links });

/** As wtf_wikipedia gives a page of two sections. */
const parse: WikitextParser = () => ({
  sections: () => [
    {
      paragraphs: () => [
        {
          sentences: () => [
            sentence("Ada came to London, the city of London.", link("London"), link("City", "the city of London")),
            sentence(" "),
            sentence("She knew Bo.", link("example.org", "She", "external"), link("Bo"), link("Nobody")),
          ],
        },
      ],
    },
    { paragraphs: () => [{ sentences: () => [sentence("")] }, { sentences: () => [sentence("The end.")] }] },
  ],
});

describe("plainText", () => {
  it("joins sentences and paragraphs, and says where the links stand", () => {
    const page = { id: "1", title: "Ada", text: "[[…]]", where: "dump.xml:3", markup: "wikitext" as const };
    const { text, links = [], ...others } = plainText(page, parse);
    expect(text).toBe("Ada came to London, the city of London. She knew Bo.\n\nThe end.");
    expect(links.map(({ start, end, target }) => [text.slice(start, end), target])).toEqual([
      ["London", "London"],
      ["the city of London", "City"],
      ["Bo", "Bo"],
    ]);
    expect(others).toEqual({ id: "1", title: "Ada", where: "dump.xml:3" });
  });
});
