import { join } from "node:path";
import { type Asked, askedOnes, type ClozeReport } from "../demo/cloze.js";

/** Shares of test sentences whose relation was named rightly. */
interface Accuracies {
  readonly adapter: number;
  readonly noAdapter: number;
  readonly majority: number;
}

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
  readonly data: {
    readonly folder: string;
    readonly relations: number;
    readonly train: number;
    /** Test sentences in the training's patterns, and in others. */
    readonly known: number;
    readonly test: number;
  };
  readonly architecture: Readonly<Record<string, unknown>>;
  readonly accuracy: { readonly knownPatterns: Accuracies; readonly newPatterns: Accuracies };
  readonly examples: readonly {
    readonly text: string;
    readonly subject: string;
    readonly object: string;
    readonly relation: string;
    readonly predicted: string;
  }[];
  readonly cloze: ClozeReport;
  readonly adapter: string;
  readonly heads: string;
  readonly questions: string;
  /** The same results with a picture. */
  readonly html: string;
  readonly seconds: number;
}

/** A part of the page, for the terminal and for the HTML file alike. */
export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "lines"; readonly lines: readonly string[] }
  | { readonly kind: "table"; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };

const text = (words: string): Block => ({ kind: "text", text: words });

/** All that was found out, in the order in which it is told. */
export function demoSections(report: DemoReport): readonly Section[] {
  return [
    aboutModel(report),
    aboutAccuracy(report),
    aboutExamples(report),
    aboutCloze(report),
    aboutBackbone(report),
    nextSteps(report),
  ];
}

/** The page of results as lines for a terminal. */
export function demoPage(report: DemoReport): readonly string[] {
  const sections = demoSections(report).flatMap(({ title, blocks }) => [
    "",
    title.toUpperCase(),
    ...blocks.flatMap(linesOf),
  ]);
  return [...sections, "", `the page with the learning curve: ${report.html}`, `done in ${report.seconds} s`];
}

function linesOf(block: Block): readonly string[] {
  if (block.kind === "text") return wrapped(block.text, 100);
  if (block.kind === "lines") return block.lines.map((line) => `  ${line}`);
  const rows = [block.head, ...block.rows];
  const widths = block.head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => {
    const cells = row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)));
    return `  ${cells.join("   ")}`.trimEnd();
  });
}

/** Lines of at most so many characters, broken between words. */
export function wrapped(words: string, width: number): readonly string[] {
  const lines = [""];
  for (const word of words.split(" ")) {
    const longer = lines.at(-1) === "" ? word : `${lines.at(-1)} ${word}`;
    if (longer.length > width && lines.at(-1) !== "") lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

function aboutModel({ backbone, data }: DemoReport): Section {
  const { folder, own, layers, hiddenSize, parameters } = backbone;
  const size = `${layers} layers × ${hiddenSize}, ${parameters.toLocaleString("en")} parameters`;
  const model = own
    ? `The language model is this project's own, a small RoBERTa trained from scratch on plain text (${folder}: ${size}).`
    : `The language model is ${folder} (${size}).`;
  return {
    title: "What this was",
    blocks: [
      text(
        `${model} It stayed frozen. Beside it a factual adapter was trained on ${data.train} sentences to name which of ${data.relations} relations holds between two marked names. No subject of a test sentence was the subject of one in the training.`,
      ),
    ],
  };
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function aboutAccuracy({ accuracy: { knownPatterns, newPatterns }, data }: DemoReport): Section {
  const row = (name: string, key: keyof Accuracies) => [name, percent(knownPatterns[key]), percent(newPatterns[key])];
  return {
    title: "Held-out accuracy",
    blocks: [
      {
        kind: "table",
        head: ["which relation is it?", "known patterns", "new patterns"],
        rows: [
          row("frozen model + adapter", "adapter"),
          row("frozen model alone (the same head on h[L])", "noAdapter"),
          row("always the most frequent relation", "majority"),
        ],
      },
      text(`Facts that no training sentence states, ${data.known} sentences and ${data.test}.`),
    ],
  };
}

function aboutExamples({ examples }: DemoReport): Section {
  const lines = examples.flatMap(({ text: sentence, subject, object, relation, predicted }) => {
    const said =
      predicted === relation ? `right: ${predicted}` : `wrong: said "${predicted}", the fact is "${relation}"`;
    return [sentence, `    ${subject} → ${object}: ${said}`];
  });
  return { title: "The first test sentences (new facts in new patterns)", blocks: [{ kind: "lines", lines }] };
}

const askedNames: Readonly<Record<Asked, string>> = {
  ownHead: "model alone, the head it came with",
  newHead: "model alone, new head",
  adapter: "model + adapter, new head",
};

function aboutCloze({ cloze }: DemoReport): Section {
  const { asked, relations, right, examples } = cloze;
  const row = (name: string, count: number) => [name, percent(count / asked), `${count} of ${asked}`];
  const shown = askedOnes.filter((who) => right[who] !== undefined);
  return {
    title: "Fill in the blank",
    blocks: [
      text(
        `${asked} facts of ${relations} relations that training sentences do state, asked in patterns that none of them has; the relation's objects compete. Both new heads were trained on the same sentences, those of these relations.`,
      ),
      {
        kind: "table",
        head: ["first answer right", "P@1", "facts"],
        rows: [
          ...shown.map((who) => row(askedNames[who], right[who] ?? 0)),
          row("always the relation's most frequent object", right.majority),
        ],
      },
      text(clozeVerdict(cloze)),
      text("Each relation's first question:"),
      {
        kind: "lines",
        lines: examples.flatMap(({ question, object, answers }) => [
          `${question}  The fact: ${object}`,
          `    ${shown.map((who) => `${askedNames[who]}: ${answers[who]}`).join("; ")}`,
        ]),
      },
    ],
  };
}

/**
 * What the adapter did to the answers: compared with a new head on the model alone, which learnt from the same
 * sentences. Two shares of n answers differ by chance by up to about two standard errors of their difference.
 */
export function clozeVerdict({ asked, right }: Pick<ClozeReport, "asked" | "right">): string {
  const [control, adapter] = [(right.newHead ?? 0) / asked, (right.adapter ?? 0) / asked];
  const error = Math.sqrt((control * (1 - control) + adapter * (1 - adapter)) / asked);
  const source =
    "What the new heads know they may have from the sentences themselves, so the adapter's part is the difference between them:";
  const found =
    Math.abs(adapter - control) <= 2 * error
      ? "it is within chance, so that the adapter helps to recall these facts is not shown."
      : adapter > control
        ? "the adapter helps, by more than chance."
        : "the head without the adapter is right more often, by more than chance.";
  const best = Math.max(...askedOnes.map((who) => right[who] ?? 0));
  const frequent = best <= right.majority ? " None of them beats naming the most frequent object." : "";
  return `${source} ${found}${frequent}`;
}

function aboutBackbone({ backbone: { hashBefore, hashAfter } }: DemoReport): Section {
  const lines = [
    "SHA-256 of the language model's weights",
    `  before  ${hashBefore}`,
    `  after   ${hashAfter}${hashBefore === hashAfter ? "  (the same, to the last bit)" : "  CHANGED"}`,
  ];
  return { title: "Nothing was forgotten", blocks: [{ kind: "lines", lines }] };
}

function nextSteps({ backbone, data, adapter, heads, questions }: DemoReport): Section {
  const example = `--text "Vienna is the capital of Austria." --subject Austria --object Vienna --top 3`;
  const train = `--train ${join(data.folder, "train.jsonl")} --dev ${join(data.folder, "dev.jsonl")}`;
  const lines = [
    `node bin/kadapter.js eval --adapter ${adapter} --data ${join(data.folder, "test.jsonl")}`,
    `node bin/kadapter.js predict --adapter ${adapter} ${example}`,
    `node bin/kadapter.js fill "The capital of France is [MASK]." --heads ${heads}`,
    `node bin/kadapter.js probe lama --data ${questions} --heads ${heads} --answers objects`,
    `node bin/kadapter.js inspect ${adapter}`,
    `node bin/kadapter.js verify ${adapter}`,
  ];
  return {
    title: "What to try next",
    blocks: [
      { kind: "lines", lines },
      text("and with a larger model (downloaded once, or a folder of yours):"),
      {
        kind: "lines",
        lines: [`node bin/kadapter.js pretrain factual --backbone roberta-base ${train} --out runs/roberta`],
      },
      text("What lies where:"),
      {
        kind: "lines",
        lines: [
          `${backbone.folder}  the language model, in Hugging Face's layout`,
          `${data.folder}  the sentences (JSON Lines, Wiki80's form)`,
          `${adapter}  the adapter: weights, configuration, model card, metrics.jsonl`,
          `${heads}  heads that fill in blanks`,
          `${questions}  the questions, in LAMA's form`,
        ],
      },
    ],
  };
}
