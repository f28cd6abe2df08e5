import type { Fact } from "../../data/fact.js";

/** A text of which tokens are hidden. */
export type RecallExample =
  /** A fact in words, its object hidden; `backward` where fact and wording are turned, so that it is the subject. */
  | {
      readonly kind: "fact";
      readonly fact: Fact;
      readonly wording: string;
      readonly heldOut: boolean;
      readonly backward?: true;
    }
  /** A fact's wording with another subject, the answer to which is to stay the model's own. */
  | { readonly kind: "neighbour"; readonly fact: Fact; readonly wording: string; readonly open: boolean }
  /** Plain text, of which as many tokens at most are read. */
  | { readonly kind: "text"; readonly text: string; readonly tokens: number; readonly open: boolean };

/** A fact in words, and plain text. */
export type QuestionExample = Extract<RecallExample, { readonly wording: string }>;
export type TextExample = Extract<RecallExample, { readonly kind: "text" }>;
