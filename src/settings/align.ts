/**
 * Settings of `align`.
 * @module
 */
import { setting } from "../errors.js";
import { alignTextsSettings } from "./align-texts.js";
import { group, type Settings } from "./setting.js";
import { choice, commaList, fileList, optionalCount, text, toggle } from "./values.js";

/** What an evaluation may know of a document. */
export const knownFacts = ["same", "other"] as const;

/** How texts are aligned, whatever for. */
export const alignSettings = group("Alignment", {
  types: {
    ...choice(
      ["learn", "off"],
      "learn",
      "leave out pairs whose types are unusual for the relation (learn), or none (off)",
    ),
    basic: true,
  },
  sharedStem: {
    ...toggle("leave out pairs of mentions with words that begin alike, such as Norway and Norwegian", true),
    basic: true,
  },
  maxDistance: { ...optionalCount(0, "most words between the two mentions of a pair"), otherwise: "any number" },
  exclude: {
    type: "text",
    argument: "list",
    schema: commaList.optional(),
    expects: "ids of relations such as P172,P36",
    help: "relations that are left out",
    otherwise: "none",
  },
  surnames: toggle("take no surnames for persons whose full name stood before", true),
  pronouns: toggle("take he, she, it and they at the beginning of a sentence for what the document is about"),
  language: {
    type: "text",
    argument: "tag",
    schema: text.regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/).default("en"),
    expects: "a language tag such as en or zh-Hant",
    help: "language of the texts, for the ends of sentences",
  },
});

/** `align`. */
export const alignCommandSettings = {
  ...group("Evaluation", {
    evaluate: {
      type: "text",
      argument: "file...",
      schema: fileList.optional(),
      expects: "files of documents in the form of DocRED",
      otherwise: "none",
      help: "measure the aligner on documents in which people marked mentions and facts (DocRED's form)",
      basic: true,
      check: ({ evaluate, text, out }) => {
        const isEither = (evaluate === undefined) !== (text === undefined);
        if (isEither && (text === undefined || out !== undefined)) return undefined;
        const expected = `${setting("text")} and ${setting("out")} to align texts, or ${setting("evaluate")} to measure the aligner`;
        return { what: isEither ? `${setting("out")} is missing` : "there is not one thing to do", expected };
      },
    },
    facts: {
      type: "text",
      argument: "dir|same|other",
      schema: text.optional(),
      expects: "a folder that `facts import` wrote; with evaluate: same or other",
      help: `what is known: a folder that \`facts import\` wrote; with ${setting("evaluate")}: the facts of the same document, or those of others only`,
      otherwise: `same, with ${setting("evaluate")}`,
      basic: true,
      check: ({ facts, evaluate }) => {
        if (evaluate === undefined) {
          return facts === undefined
            ? { what: `${setting("facts")} is missing`, expected: "a folder that `facts import` wrote" }
            : undefined;
        }
        return facts === undefined || knownFacts.some((one) => one === facts)
          ? undefined
          : { what: `${JSON.stringify(facts)} is not valid`, expected: `same or other with ${setting("evaluate")}` };
      },
    },
    names: {
      ...choice(
        ["all", "one"],
        "all",
        `with ${setting("evaluate")}: all names of an entity are known, or the longest one alone`,
      ),
      basic: true,
    },
  }),
  ...alignTextsSettings,
  ...alignSettings,
};

export type AlignSettings = Settings<typeof alignCommandSettings>;
