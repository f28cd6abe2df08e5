/**
 * Small downstream data sets in every layout that is read, made from the built-in facts.
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { RelationExample } from "../src/data/relation-example.js";
import { wiki80Record } from "../src/data/wiki80-writer.js";
import { type DemoSplit, demoExamples, demoSplits } from "../src/demo/examples.js";

/** Files of one data set. */
export interface DataSet {
  readonly train: string;
  readonly dev: string;
  readonly test: string;
}

/** The data sets by layout. */
export const layouts = [
  ...["tacred", "semeval", "fewrel", "wiki80"],
  ...["openentity", "cosmosqa-csv", "cosmosqa-jsonl"],
  ...["thunlp", "quasar", "searchqa"],
] as const;

/** The last one is taken for none where a set has such a class. */
const relations = ["author", "capital", "country", "place of birth"];
const none = relations.at(-1);

function examplesOf(split: DemoSplit): readonly RelationExample[] {
  const perRelation = { train: 8, dev: 4, test: 4 };
  return demoExamples(split, { perRelation }).filter(({ relation }) => relations.includes(relation));
}

/** Writes all data sets below a folder. */
export async function writeDownstreamData(folder: string): Promise<Record<(typeof layouts)[number], DataSet>> {
  const sets = {} as Record<string, Record<string, string>>;
  for (const layout of layouts) {
    sets[layout] = {};
    for (const split of demoSplits) {
      sets[layout][split] = await writers[layout]!(join(folder, layout), split, examplesOf(split));
    }
  }
  return sets as unknown as Record<(typeof layouts)[number], DataSet>;
}

type Writer = (folder: string, split: DemoSplit, examples: readonly RelationExample[]) => Promise<string>;

async function write(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

const json = (folder: string, name: string, value: unknown) => write(join(folder, name), JSON.stringify(value));
const lines = (values: readonly unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join("");
const textOf = ({ text }: RelationExample, part: { start: number; end: number }) => text.slice(part.start, part.end);

interface Words {
  readonly token: readonly string[];
  readonly h: { readonly name: string; readonly pos: readonly [number, number] };
  readonly t: Words["h"];
}
const wordsOf = (example: RelationExample) => wiki80Record(example) as unknown as Words;

const writers: Readonly<Record<string, Writer>> = {
  tacred: (folder, split, examples) =>
    json(
      folder,
      `${split}.json`,
      examples.map((example, i) => {
        const { token, h, t } = wordsOf(example);
        return {
          id: `${split}-${i}`,
          token,
          relation: example.relation === none ? "no_relation" : example.relation,
          ...{ subj_start: h.pos[0], subj_end: h.pos[1] - 1, obj_start: t.pos[0], obj_end: t.pos[1] - 1 },
          ...{ subj_type: "PERSON", obj_type: i % 2 === 0 ? "CITY" : "STATE_OR_PROVINCE" },
        };
      }),
    ),
  semeval: (folder, split, examples) =>
    write(
      join(folder, `${split}.TXT`),
      examples
        .map((example, i) => {
          const { text, subject, object, relation } = example;
          const [first, second] = subject.start < object.start ? [subject, object] : [object, subject];
          const tagged =
            `${text.slice(0, first.start)}<e1>${textOf(example, first)}</e1>` +
            `${text.slice(first.end, second.start)}<e2>${textOf(example, second)}</e2>${text.slice(second.end)}`;
          const way = first === subject ? "(e1,e2)" : "(e2,e1)";
          const label = relation === none ? "Other" : `${relation.replaceAll(" ", "-")}${way}`;
          return `${i + 1}\t"${tagged}"\r\n${label}\r\nComment:\r\n\r\n`;
        })
        .join(""),
    ),
  fewrel: (folder, split, examples) => {
    const byRelation: Record<string, unknown[]> = {};
    for (const example of examples) {
      const { token, h, t } = wordsOf(example);
      const range = ([from, to]: readonly [number, number]) => [Array.from({ length: to - from }, (_, i) => from + i)];
      byRelation[example.relation] = [
        ...(byRelation[example.relation] ?? []),
        { tokens: token, h: [h.name, "Q1", range(h.pos)], t: [t.name, "Q2", range(t.pos)] },
      ];
    }
    return json(folder, `${split}.json`, byRelation);
  },
  wiki80: (folder, split, examples) => write(join(folder, `${split}.jsonl`), lines(examples.map(wiki80Record))),
  openentity: (folder, split, examples) =>
    json(
      folder,
      `${split}.json`,
      examples.map((example, i) => ({
        sent: example.text,
        start: Array.from(example.text.slice(0, example.subject.start)).length,
        end: Array.from(example.text.slice(0, example.subject.end)).length,
        labels: i % 5 === 0 ? [] : [example.relation, ...(i % 2 === 0 ? ["entity"] : [])],
        ents: [],
      })),
    ),
  "cosmosqa-csv": (folder, split, examples) => {
    const head = "id,context,question,answer0,answer1,answer2,answer3,label";
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    const rows = choices(examples).map(({ context, question, answers, label }, i) =>
      [`${split}##${i}`, context, question, ...answers, String(label)].map(quoted).join(","),
    );
    return write(join(folder, `${split}.csv`), `${[head, ...rows].join("\r\n")}\r\n`);
  },
  "cosmosqa-jsonl": (folder, split, examples) =>
    write(
      join(folder, `${split}.jsonl`),
      lines(
        choices(examples).map(({ answers, ...rest }, i) => ({
          id: `${split}##${i}`,
          ...rest,
          ...Object.fromEntries(answers.map((answer, j) => [`answer${j}`, answer])),
        })),
      ),
    ),
  thunlp: async (folder, split, examples) => {
    const all = questions(examples);
    await write(
      join(folder, `${split}.json`),
      lines(
        all.map(({ question, paragraphs }, i) =>
          paragraphs.map((document, rank) => ({ id: [i, rank], question: question.split(" "), document })),
        ),
      ),
    );
    return write(join(folder, `${split}.txt`), lines(all.map(({ question, answers }) => ({ question, answers }))));
  },
  quasar: async (folder, split, examples) => {
    const all = questions(examples);
    const contexts = all.map(({ paragraphs }, i) => ({
      uid: `s${i}`,
      contexts: paragraphs.map((words, rank) => [1 - rank / 10, words.join(" ")]),
    }));
    await write(join(folder, `${split}_contexts.json`), lines(contexts));
    const asked = all.map(({ question, answers }, i) => ({ uid: `s${i}`, question, answer: answers[0] }));
    return write(join(folder, `${split}_questions.json`), lines(asked));
  },
  searchqa: async (folder, split, examples) => {
    for (const [i, { question, answers, paragraphs }] of questions(examples).entries()) {
      const results = paragraphs.map((words) => ({
        title: "",
        url: "",
        snippet: words.join(" "),
        related_links: null,
      }));
      const record = { id: i, category: "facts", question, answer: answers[0], search_results: results };
      await json(join(folder, split), `${i}.json`, record);
    }
    return join(folder, split);
  },
};

/** Which word stands for the object: four to choose from. */
function choices(examples: readonly RelationExample[]) {
  return examples.map((example, i) => {
    const label = i % 4;
    const answers = Array.from({ length: 4 }, (_, j) => {
      const other = examples[(i + j + 1) % examples.length]!;
      return j === label ? textOf(example, example.object) : textOf(other, other.subject);
    });
    const question = `What is the ${example.relation} of ${textOf(example, example.subject)}?`;
    return { context: example.text, question, answers, label };
  });
}

/** Each question with three paragraphs, one of which is the fact's own sentence. */
function questions(examples: readonly RelationExample[]) {
  return examples.slice(0, 12).map((example, i) => ({
    question: `What is the ${example.relation} of ${textOf(example, example.subject)} ?`,
    answers: [textOf(example, example.object)],
    paragraphs: [0, 1, 2].map((step) => wordsOf(examples[(i + step) % examples.length]!).token),
  }));
}
