import { join } from "node:path";
import { z } from "zod";
import { lamaQuery } from "../../data/lama.js";
import type { RelationExample } from "../../data/relation-example.js";
import { type DemoCloze, demoCloze, writeDemoCloze } from "../../demo/cloze.js";
import type { Executor } from "../../engine/executor.js";
import { openBackbone } from "../../features/frozen-backbone.js";
import { loadOwnHead } from "../../features/word-embeddings.js";
import { writeFileAtomically } from "../../files/atomic.js";
import { ClozeModel } from "../../probing/cloze-model.js";
import { fill } from "../../probing/fill.js";
import { workerExecutor } from "../../runtime/worker-executor.js";

/** Who is asked; `ownHead` where the model's weights hold a head. */
export const askedOnes = ["ownHead", "newHead", "adapter"] as const;
export type Asked = (typeof askedOnes)[number];

/** What the questions with a hole showed. */
export interface ClozeReport {
  /** Facts that were asked. */
  readonly asked: number;
  readonly relations: number;
  /** Questions whose first answer was right. */
  readonly right: Readonly<Partial<Record<Asked, number>>> & {
    /** By always naming the relation's most frequent object. */
    readonly majority: number;
  };
  readonly examples: readonly {
    readonly question: string;
    readonly object: string;
    readonly answers: Readonly<Partial<Record<Asked, string>>>;
  }[];
}

export interface ClozeInput {
  readonly backbone: string;
  readonly adapter: string;
  /** The adapter's training sentences; those of the relations that are asked train the heads. */
  readonly train: readonly RelationExample[];
  /** Facts of the training in other patterns than are asked: they say when a head is best. */
  readonly dev: readonly RelationExample[];
  readonly seed: number;
  /** Folders to write. */
  readonly to: { readonly data: string; readonly questions: string; readonly heads: string; readonly cache: string };
  /** Runs a command and gives its `--json` object. */
  readonly run: (args: readonly string[]) => Promise<unknown>;
}

/** Facts of a relation that are asked: each costs a text for every token of every object. */
const factsPerRelation = 15;

/** K-Adapter's LAMA procedure at the demo's size: new heads on the same sentences, without and with the adapter. */
export async function askDemoFacts(input: ClozeInput): Promise<ClozeReport> {
  const { backbone, adapter, to, run } = input;
  const questions = demoCloze(input.train);
  const text = { train: join(to.data, "blanks-train.txt"), dev: join(to.data, "blanks-dev.txt") };
  for (const part of ["train", "dev"] as const) {
    const lines = input[part].filter(({ relation }) => questions.some((one) => one.relation === relation));
    await writeFileAtomically(text[part], lines.map((line) => `${line.text}\n`).join(""));
  }
  await writeDemoCloze(to.questions, questions);
  await run([
    ...["probe", "train-head", "--backbone", backbone, "--adapter", `facts=${adapter}`, "--out", to.heads],
    ...["--train", text.train, "--dev", text.dev, "--cache", to.cache, "--seed", String(input.seed), ...headTraining],
  ]);
  const probe = async (...model: string[]) => {
    const limit = String(factsPerRelation);
    const kind = ["--answers", "objects", "--multi-token", "--limit", limit];
    return probeResult.parse(await run(["probe", "lama", "--data", to.questions, ...model, ...kind])).trex.relations;
  };
  const executor = await workerExecutor();
  try {
    const own = await hasOwnHead(executor, backbone);
    const heads = await probe("--heads", to.heads);
    const right = {
      ...(own ? { ownHead: rightOf(await probe("--backbone", backbone), "none") } : {}),
      newHead: rightOf(heads, "none"),
      adapter: rightOf(heads, "facts"),
      majority: questions.reduce((sum, one) => sum + majorityOf(one), 0),
    };
    const asked = heads.reduce((sum, { scores }) => sum + (scores["none"]?.questions ?? 0), 0);
    return { asked, relations: questions.length, right, examples: await examplesOf(executor, input, questions, own) };
  } finally {
    await executor.close();
  }
}

const headTraining = ["--max-length", "32", "--epochs", "15", "--mask-draws", "5", "--mask-rate", "0.3"];

const scored = z.object({ scores: z.record(z.string(), z.object({ p1: z.number(), questions: z.number() })) });
const probeResult = z.object({ trex: z.object({ relations: z.array(scored) }) });

function rightOf(relations: readonly z.infer<typeof scored>[], set: string): number {
  return relations.reduce((sum, { scores }) => {
    const { p1, questions } = scores[set] ?? { p1: 0, questions: 0 };
    return sum + Math.round(p1 * questions);
  }, 0);
}

/** Of a relation's asked facts, those with the object that most of its facts have. */
function majorityOf({ facts }: DemoCloze): number {
  const count = (name: string, among: DemoCloze["facts"]) => among.filter(({ object }) => object === name).length;
  const most = facts.reduce((best, { object }) => (count(object, facts) > count(best, facts) ? object : best), "");
  return count(most, facts.slice(0, factsPerRelation));
}

async function hasOwnHead(executor: Executor, backbone: string): Promise<boolean> {
  const head = await loadOwnHead(executor, await openBackbone(backbone));
  await head?.close();
  return head !== null;
}

/** Each relation's first fact, and what is said of it. */
async function examplesOf(
  executor: Executor,
  { backbone, to }: ClozeInput,
  questions: readonly DemoCloze[],
  own: boolean,
): Promise<ClozeReport["examples"]> {
  const firsts = questions.flatMap(({ template, relation, facts }) =>
    facts.slice(0, 1).map((fact) => ({
      question: lamaQuery(template, { ...fact, relation, where: relation }) ?? "",
      object: fact.object,
      candidates: [...new Set(facts.map(({ object }) => object))],
      answers: {} as Partial<Record<Asked, string>>,
    })),
  );
  const ask = async (model: ClozeModel, names: Readonly<Record<string, Asked>>) => {
    for (const { question, candidates, answers } of firsts) {
      const found = await fill(model, question, { top: 1, candidates });
      for (const [set, who] of Object.entries(names)) answers[who] = found[set]?.[0]?.word ?? "";
    }
    await model.close();
  };
  if (own) await ask(await ClozeModel.open(executor, { backbone }), { none: "ownHead" });
  await ask(await ClozeModel.open(executor, { heads: [to.heads] }), { none: "newHead", facts: "adapter" });
  return firsts.map(({ question, object, answers }) => ({ question, object, answers }));
}
