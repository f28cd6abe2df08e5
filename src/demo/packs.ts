/**
 * Invented places, whose facts no model can know before it is taught: files of the package, to be read and to be tried
 * with `kadapter teach`.
 * @module
 */
import { packagePath } from "../files/package-path.js";

/** A country with its provinces, towns and people, and the streets and ships of a harbour. */
export const packNames = ["country", "harbour"] as const;
export type PackName = (typeof packNames)[number];

/** Paths of an invented place's files. */
export interface Pack {
  readonly facts: string;
  /** In which the facts are taught. */
  readonly wordings: string;
  /** Others, in which they are only asked. */
  readonly asked: string;
}

export const demoPack = (name: PackName): Pack => ({
  facts: packagePath("examples", name, "facts.csv"),
  wordings: packagePath("examples", name, "wordings.yaml"),
  asked: packagePath("examples", name, "asked.yaml"),
});

/** Sentences that name the country's places and people, and say something else of them. */
export const otherSentences = (): string => packagePath("examples", "country", "other.txt");
