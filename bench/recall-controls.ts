/**
 * What becomes of the same facts without an adapter: full fine-tuning and LoRA in PyTorch, asked the same questions.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { drawFacts, type RecallPool } from "../src/experiments/recall/pool.js";
import { markdownTable } from "../src/experiments/tables.js";
import type { BackboneHandle } from "../src/features/backbone-handle.js";
import { epochBatches } from "../src/features/batches.js";
import { RandomStream } from "../src/random.js";
import { workerExecutor } from "../src/runtime/worker-executor.js";
import type { RecallExample } from "../src/tasks/recall/recall-example.js";
import { inWordings } from "../src/tasks/recall/recall-questions.js";
import { fixed } from "./command.js";
import { runPeer } from "./peer.js";
import {
  type Answers,
  agreement,
  askAdapters,
  type PartScores,
  partScores,
  type Question,
  questionsOf,
} from "./recall-answers.js";
import { type BenchTeaching, foldersIn, peerText, type TeachingTimes } from "./teaching.js";

/** A way of learning without an adapter. */
export interface Method {
  readonly name: string;
  /** Linear layers that get low-rank updates; null where everything learns. */
  readonly layers: readonly string[] | null;
  readonly rate: number;
}

const queryAndValue = ["query", "value"];
const allLinear = [...queryAndValue, "key", "dense", "up", "down"];

/** The controls, each at all of its rates: none is chosen, so that all can be seen. */
export function controlMethods(
  rates: { readonly full: readonly number[]; readonly lora: readonly number[] },
  all: boolean,
): Method[] {
  const at = (some: readonly number[], name: string, layers: Method["layers"]) =>
    some.map((rate) => ({ name, layers, rate }));
  return [
    ...at(rates.full, "full fine-tuning", null),
    ...at(rates.lora, "LoRA, rank 8, query and value", queryAndValue),
    ...(all ? at(rates.lora, "LoRA, rank 8, all linear layers", allLinear) : []),
  ];
}

/** A teaching of ours that is done. */
export interface Taught {
  readonly teaching: BenchTeaching;
  readonly times: TeachingTimes;
  readonly folder: string;
}

export interface ControlsPlan {
  readonly backbone: BackboneHandle;
  readonly pool: RecallPool;
  readonly seed: number;
  readonly threads: number;
  readonly scratch: string;
  /** Plain text whose hidden words are asked. */
  readonly text: readonly string[];
  readonly facts: Taught;
  /** Prepares a pack's teaching. */
  readonly pack: (facts: RecallPool["single"], name: string) => BenchTeaching;
  readonly packs: number;
  readonly packSize: number;
  readonly methods: readonly Method[];
  /** A Python with torch; null leaves the controls out. */
  readonly python: string | null;
}

/** What one method is measured by. */
export interface ControlRow {
  readonly name: string;
  readonly rate: number;
  readonly parameters: number;
  /** Of all steps. */
  readonly seconds: number;
  readonly facts: Readonly<Record<string, PartScores>>;
  /** Share of each pack's questions that are right when it was just learnt, and when all are. */
  readonly packs: readonly { readonly learnt: number; readonly afterAll: number }[];
}

/** Facts about others that are asked, and questions in taught wordings, at most. */
const [othersAsked, taughtAsked] = [200, 300];

const ourName = "kadapter";

/** Questions of a course, and what is taught before they are asked, in turn. */
interface Course {
  readonly taught: readonly Taught[];
  readonly questions: readonly Question[];
}

type CourseName = "facts" | "packs";

/** What the peer answers after each lesson of a course. */
interface Studied {
  readonly parameters: number;
  readonly seconds: number;
  readonly answers: readonly Answers[];
}

interface Peer {
  readonly before: Readonly<Record<string, Answers>>;
  readonly methods: readonly Readonly<Record<string, Studied>>[];
}

/** Teaches and asks everything; the first row is ours. */
export async function runControls(plan: ControlsPlan): Promise<{
  readonly rows: readonly ControlRow[];
  /** Share of words on which both sides agree before anything is taught. */
  readonly agreement: number | null;
}> {
  const courses: Partial<Record<CourseName, Course>> = { facts: factsCourse(plan) };
  if (plan.packs > 1) courses.packs = await packsCourse(plan);
  const before: Record<string, Answers> = {};
  const own: Record<string, Readonly<Record<string, Answers>>> = {};
  const executor = await workerExecutor({ device: "cpu", threads: plan.threads });
  for (const [name, { taught, questions }] of Object.entries(courses)) {
    const adapters = Object.fromEntries(taught.map(({ folder }, i) => [`a${i}`, folder]));
    own[name] = await askAdapters(executor, plan.backbone.folder, adapters, questions);
    before[name] = own[name]["none"] as Answers;
  }
  await executor.close();
  const rows = [ourRow(plan, courses, own, before)];
  if (!plan.python) return { rows, agreement: null };
  const peer = await askPeer(plan, plan.python, courses);
  const peerRows = plan.methods.map((method, i) => peerRow(method, peer.methods[i] ?? {}, courses, peer.before));
  return {
    rows: [...rows, ...peerRows],
    agreement: agreement(before["facts"] as Answers, peer.before["facts"] as Answers),
  };
}

/** One lesson: questions in wordings that were taught and held out, about others, and plain text. */
function factsCourse({ backbone: { tokenizer }, pool, seed, text, facts }: ControlsPlan): Course {
  const { teaching } = facts;
  const { others } = drawFacts(pool.single, seed, teaching.facts.length, othersAsked);
  const learnt = new Set(teaching.examples.flatMap(({ example }) => (example.kind === "fact" ? [example] : [])));
  const some = new RandomStream("asked in taught wordings", seed).shuffle([...learnt]).slice(0, taughtAsked);
  const lines = text.map(
    (one): RecallExample => ({ kind: "text", text: one, tokens: teaching.maxLength - 8, open: true }),
  );
  const of = (part: string, examples: readonly RecallExample[]) =>
    questionsOf(part, examples, tokenizer, teaching.maxLength);
  return {
    taught: [facts],
    questions: [
      ...of("taught", some),
      ...of("heldOut", inWordings(teaching.facts, pool.heldOut)),
      ...of("others", inWordings(others, pool.heldOut)),
      ...of("text", lines),
    ],
  };
}

/** Packs are other adapters of ours, and one lesson after another for the rest. */
async function packsCourse(plan: ControlsPlan): Promise<Course> {
  const { pool, seed, packs, packSize, threads, scratch, backbone } = plan;
  const { facts } = drawFacts(pool.single, seed, packs * packSize, 0);
  const taught: Taught[] = [];
  const executor = await workerExecutor({ device: "cpu", threads });
  for (let i = 0; i < packs; i++) {
    const name = packName(i);
    const teaching = plan.pack(facts.slice(i * packSize, (i + 1) * packSize), name);
    const folders = foldersIn(scratch, name);
    taught.push({ teaching, times: await teaching.run(executor, folders), folder: folders.out });
  }
  await executor.close();
  const questions = taught.flatMap(({ teaching }, i) =>
    questionsOf(packName(i), inWordings(teaching.facts, pool.heldOut), backbone.tokenizer, teaching.maxLength),
  );
  return { taught, questions };
}

const packName = (i: number) => `pack-${i + 1}`;

const stepSeconds = ({ seconds }: TeachingTimes) => seconds.reduce((sum, one) => sum + one, 0);

function ourRow(
  { facts, packs }: ControlsPlan,
  courses: Partial<Record<CourseName, Course>>,
  own: Readonly<Record<string, Readonly<Record<string, Answers>>>>,
  before: Readonly<Record<string, Answers>>,
): ControlRow {
  const scores = (course: CourseName, set: string) =>
    scoresIn(courses[course] as Course, own[course]?.[set] as Answers, before[course] as Answers);
  const names = Array.from({ length: packs }, (_, i) => `a${i}`);
  const together = courses.packs ? scores("packs", names.join("+")) : {};
  return {
    name: ourName,
    rate: facts.teaching.learningRate,
    parameters: facts.teaching.parameters,
    seconds: facts.times.states + stepSeconds(facts.times),
    facts: scores("facts", "a0"),
    packs: (courses.packs?.taught ?? []).map((_, i) => ({
      learnt: scores("packs", `a${i}`)[packName(i)]?.p1 as number,
      afterAll: together[packName(i)]?.p1 as number,
    })),
  };
}

const scoresIn = ({ questions }: Course, answers: Answers, before: Answers) => partScores(questions, answers, before);

function askPeer(
  { backbone, seed, threads, scratch, methods }: ControlsPlan,
  python: string,
  courses: Partial<Record<CourseName, Course>>,
): Promise<Peer> {
  const file = join(scratch, "controls.json");
  const given = Object.entries(courses).map(([name, { taught, questions }]) => [
    name,
    { lessons: taught.map((one) => lessonOf(one, seed)), questions: questions.map(({ text }) => peerText(text)) },
  ]);
  const args = ["--backbone", backbone.folder, "--data", file, "--seed", String(seed)];
  return writeFile(file, JSON.stringify({ methods, courses: Object.fromEntries(given) })).then(() =>
    runPeer<Peer>(python, "controls.py", args, threads),
  );
}

/** As many steps as ours took, at the same shares of the rate, over the questions about facts alone. */
function lessonOf({ teaching, times }: Taught, seed: number) {
  const { examples, batchSize, learningRate } = teaching;
  const texts = examples.filter(({ example }) => example.kind === "fact").map(peerText);
  const lengths = texts.map(({ ids }) => ids.length);
  const factors = times.rates.map((rate) => rate / learningRate);
  const batches: number[][] = [];
  for (let epoch = 0; batches.length < factors.length; epoch++) {
    batches.push(...epochBatches(lengths, batchSize, seed, epoch));
  }
  return { texts, factors, batches: batches.slice(0, factors.length) };
}

function peerRow(
  { name, rate }: Method,
  studied: Readonly<Record<string, Studied>>,
  courses: Partial<Record<CourseName, Course>>,
  before: Readonly<Record<string, Answers>>,
): ControlRow {
  const facts = studied["facts"] as Studied;
  const scores = (course: CourseName) =>
    (studied[course]?.answers ?? []).map((answers) =>
      scoresIn(courses[course] as Course, answers, before[course] as Answers),
    );
  const inTurn = scores("packs");
  return {
    ...{ name, rate, parameters: facts.parameters, seconds: facts.seconds },
    facts: scores("facts")[0] as ControlRow["facts"],
    packs: inTurn.map((after, i) => ({
      learnt: after[packName(i)]?.p1 as number,
      afterAll: inTurn.at(-1)?.[packName(i)]?.p1 as number,
    })),
  };
}

const percent = (share: number | undefined) => fixed(100 * (share ?? Number.NaN));

/** One Markdown table. */
export function controlsTable(rows: readonly ControlRow[], packSize: number): string {
  const packs = rows[0]?.packs.length ?? 0;
  const head = [
    ...["", "learning rate", "numbers that learn", "seconds", "taught wordings", "held-out wordings"],
    ...["text: perplexity before → after", "its likeliest word kept", "answers about others kept"],
    ...(packs === 0 ? [] : [`${packs} packs of ${packSize}, each just learnt`, "each when all are"]),
  ];
  return markdownTable(
    head,
    rows.map(({ name, rate, parameters, seconds, facts, packs: each }) => [
      ...[name, rate.toExponential(0), parameters.toLocaleString("en"), fixed(seconds)],
      ...[percent(facts["taught"]?.p1), percent(facts["heldOut"]?.p1)],
      `${fixed(facts["text"]?.before ?? Number.NaN)} → ${fixed(facts["text"]?.perplexity ?? Number.NaN)}`,
      ...[percent(facts["text"]?.kept), percent(facts["others"]?.kept)],
      ...(packs === 0
        ? []
        : [
            each.map(({ learnt }) => percent(learnt)).join(" / "),
            each.map(({ afterAll }) => percent(afterAll)).join(" / "),
          ]),
    ]),
  );
}
