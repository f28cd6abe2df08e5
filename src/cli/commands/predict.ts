import type { Command } from "commander";
import type { Span } from "../../data/relation-example.js";
import { userError } from "../../errors.js";
import { fileList, text, whole } from "../options.js";
import type { ContextFactory } from "../run.js";
import { type Options, option } from "../spec.js";
import { applySpecs, type Handler, overwriteSpec, simpleCommand } from "./common.js";

const predictSpecs = {
  ...applySpecs,
  data: option({
    flags: "--data <file...>",
    kind: "text",
    schema: fileList.optional(),
    expects: "files of examples",
    help: "examples; their answers, if there are any, are not read",
  }),
  text: option({
    flags: "--text <sentence>",
    kind: "text",
    schema: text.optional(),
    expects: "a sentence",
    help: "one sentence instead of --data",
  }),
  subject: option({
    flags: "--subject <words>",
    kind: "text",
    schema: text.optional(),
    expects: "words of the sentence",
    help: "the subject in --text",
  }),
  object: option({
    flags: "--object <words>",
    kind: "text",
    schema: text.optional(),
    expects: "words of the sentence",
    help: "the object in --text",
  }),
  top: option({
    flags: "--top <n>",
    kind: "number",
    schema: whole(1, 100_000).default(1),
    expects: "a whole number from 1",
    help: "relations to name for each example (default 1)",
  }),
  out: option({
    flags: "--out <file>",
    kind: "text",
    schema: text.optional(),
    expects: "a file to write",
    help: "write the answers (JSON lines; heads: CoNLL-U) here instead of on stdout",
  }),
  overwrite: overwriteSpec,
};

/** A sentence typed on the command line. */
export interface TypedSentence {
  readonly text: string;
  /** For an adapter that tells relations. */
  readonly subject?: Span;
  readonly object?: Span;
}

export type PredictOptions = Omit<Options<typeof predictSpecs>, "text" | "subject" | "object" | "data"> & {
  /** Data files' names, or the sentence itself. */
  readonly input: { readonly data: readonly string[] } | { readonly sentence: TypedSentence };
};

/** `predict`: tells the answers of unlabelled examples. */
export function predictCommand(context: ContextFactory, handler: Handler<PredictOptions>): Command {
  return simpleCommand(
    "predict",
    "tell the answer of each example, such as its relation",
    predictSpecs,
    context,
    async ({ text, subject, object, data, ...rest }, given) =>
      handler({ ...rest, input: inputOf({ text, subject, object, data }) }, given),
  );
}

interface Inputs extends Readonly<Record<"text" | "subject" | "object", string | undefined>> {
  readonly data: readonly string[] | undefined;
}

function inputOf({ text, subject, object, data }: Inputs): PredictOptions["input"] {
  const typed = [text, subject, object].some((value) => value !== undefined);
  if (data !== undefined && !typed) return { data };
  if (data !== undefined) throw userError({ what: "--data and --text are both given", expected: "one of them" });
  if (text === undefined) {
    throw userError({
      what: "nothing to predict",
      expected: "--data, or --text (for relations with --subject and --object)",
    });
  }
  return {
    sentence: {
      text,
      ...(subject === undefined ? {} : { subject: find(text, subject, "--subject") }),
      ...(object === undefined ? {} : { object: find(text, object, "--object") }),
    },
  };
}

/** Where the words stand; the first place counts. */
function find(text: string, words: string, where: string): Span {
  const start = text.indexOf(words);
  if (start < 0) throw userError({ where, what: `"${words}" is not in the sentence`, expected: "words of --text" });
  return { start, end: start + words.length };
}
