import { join } from "node:path";
import { linesOf, type Section, text } from "./blocks.js";
import type { RelationsReport } from "./relations.js";
import { relationsSections } from "./relations-page.js";
import type { TaughtReport } from "./taught.js";
import { taughtSections } from "./taught-page.js";

/** What `demo` found out: the object of `--json`. */
export interface DemoReport {
  readonly out: string;
  readonly seed: number;
  readonly backbone: {
    readonly folder: string;
    /** It came with the package. */
    readonly own: boolean;
    readonly layers: number;
    readonly hiddenSize: number;
    readonly parameters: number;
    readonly hashBefore: string;
    readonly hashAfter: string;
  };
  readonly taught: TaughtReport;
  readonly relations: RelationsReport;
  /** The same results with pictures. */
  readonly html: string;
  readonly seconds: number;
}

/** The sections of the demo's parts, and those about both. */
export interface DemoSections {
  readonly about: Section;
  readonly taught: readonly Section[];
  readonly relations: readonly Section[];
  readonly end: readonly Section[];
}

/** All that was found out, in the order in which it is told. */
export const demoSections = (report: DemoReport): DemoSections => ({
  about: aboutModel(report),
  taught: taughtSections(report.taught),
  relations: relationsSections(report.relations),
  end: [aboutBackbone(report), nextSteps(report)],
});

/** The page of results as lines for a terminal. */
export function demoPage(report: DemoReport): readonly string[] {
  const { about, taught, relations, end } = demoSections(report);
  const lines = [about, ...taught, ...relations, ...end].flatMap(({ title, blocks }) => [
    "",
    title.toUpperCase(),
    ...blocks.flatMap(linesOf),
  ]);
  return [...lines, "", `the page with the learning curves: ${report.html}`, `done in ${report.seconds} s`];
}

function aboutModel({ backbone }: DemoReport): Section {
  const { folder, own, layers, hiddenSize, parameters } = backbone;
  const size = `${layers} layers × ${hiddenSize}, ${parameters.toLocaleString("en")} parameters`;
  const model = own
    ? `The language model is this project's own, a small RoBERTa trained from scratch on plain text (${folder}: ${size}).`
    : `The language model is ${folder} (${size}).`;
  return {
    title: "What this was",
    blocks: [
      text(
        `${model} It stayed frozen. First it was taught facts of an invented country, then facts of another place in an adapter of their own. At last an adapter of another kind learnt to tell relations.`,
      ),
    ],
  };
}

function aboutBackbone({ backbone: { hashBefore, hashAfter } }: DemoReport): Section {
  const lines = [
    "SHA-256 of the language model's weights",
    `  before  ${hashBefore}`,
    `  after   ${hashAfter}${hashBefore === hashAfter ? "  (the same, to the last bit)" : "  CHANGED"}`,
  ];
  return { title: "Nothing was forgotten", blocks: [{ kind: "lines", lines }] };
}

function nextSteps({ backbone, taught: { places, examples }, relations }: DemoReport): Section {
  const { country, harbour } = places;
  const example = `--text "Vienna is the capital of Austria." --subject Austria --object Vienna --top 3`;
  const { folder } = relations.data;
  const kadapter = "node bin/kadapter.js";
  const lines = [
    `${kadapter} fill "${examples[0]?.question}" --adapter country=${country.adapter} --adapter harbour=${harbour.adapter}`,
    `${kadapter} teach YOURS.csv --out runs/yours     a header subject,relation,object, and a fact a line`,
    `${kadapter} predict --adapter ${relations.adapter} ${example}`,
    `${kadapter} eval --adapter ${relations.adapter} --data ${join(folder, "test.jsonl")}`,
    `${kadapter} inspect ${country.adapter}`,
    `${kadapter} verify ${country.adapter}`,
  ];
  return {
    title: "What to try next",
    blocks: [
      { kind: "lines", lines },
      text("What lies where:"),
      {
        kind: "table",
        head: ["folder", "what is in it"],
        rows: [
          [backbone.folder, "the language model, in Hugging Face's layout"],
          [country.adapter, "the country's adapter: weights, configuration, model card"],
          [harbour.adapter, "the other place's"],
          [relations.adapter, "the adapter that tells relations"],
          [folder, "its sentences (JSON Lines, Wiki80's form)"],
        ],
        left: 2,
      },
    ],
  };
}
