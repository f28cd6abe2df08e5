/**
 * `npm run bench:recall`: facts taught as `kadapter teach` does it, beside PyTorch doing the same, and the same facts
 * learnt without an adapter. Both sides start from the same weights and read the same batches, so their losses must agree
 * step by step.
 * @module
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { roberta } from "../src/backbones/index.js";
import { readFirstLines } from "../src/data/text.js";
import { userError } from "../src/errors.js";
import { drawFacts, readRecallPool } from "../src/experiments/recall/pool.js";
import { type BackboneHandle, openBackbone } from "../src/features/backbone-handle.js";
import { workerExecutor } from "../src/runtime/worker-executor.js";
import { published } from "../src/testing/published.js";
import { command, fixed, positives, row, whole } from "./command.js";
import { comparisonFlags, comparisonUsage, howLong } from "./comparison.js";
import { repeated } from "./epochs.js";
import { peerAdvice, peerPython, runPeer } from "./peer.js";
import { controlMethods, controlsTable, runControls } from "./recall-controls.js";
import { type PeerFiles, peerFiles } from "./request.js";
import { median } from "./stats.js";
import { type BenchTeaching, benchTeaching, foldersIn, type TeachingTimes } from "./teaching.js";

const usage = `npm run bench:recall -- [options]
  --facts PATH      facts to draw from (data/lama/TREx_template in the folder KADAPTER_DATA)
  --wordings PATH   wordings of the relations, two of each held out (data/lama/pararel_patterns in that folder)
  --backbone DIR    a RoBERTa with its language-model head (models/own)
  --count N         facts that are taught (300)
  --epochs N        (teach's default)
  --steps N         ends sooner than the epochs would; whole teachings are then reckoned from these steps
  --seed N          (1)
${comparisonUsage}
  --controls        full fine-tuning and LoRA of the same facts, and packs that are learnt in turn
  --full-rates LIST learning rates of full fine-tuning, a row each (1e-4,3e-4,1e-3)
  --lora-rates LIST learning rates of LoRA, a row each (1e-3,1e-2)
  --lora-all        LoRA of all linear layers, too
  --packs N         0 is none (4)
  --pack-size N     facts of a pack (100)
  --text FILE       plain text whose hidden words are asked (data/text/wikitext2_raw_valid.txt.gz in that folder, or
                    else the docs)`;

const ownText = ["docs/concepts.md", "docs/data.md"];
/** Lines of plain text that are asked. */
const askedLines = 200;
/** The largest difference of a step's losses, as a share of the loss; rounding grows from step to step. */
const [tolerance, comparedSteps] = [1e-3, 30];
/** A process that has had less of one processor was waiting for others, and its seconds are theirs. */
const leastBusy = 0.8;
/** Steps whose time does not count: graphs allocate, and so does PyTorch. */
const warmUps = 3;

function options() {
  const { values } = parseArgs({
    options: {
      ...comparisonFlags,
      facts: { type: "string", default: published("data", "lama", "TREx_template") },
      wordings: { type: "string", default: published("data", "lama", "pararel_patterns") },
      backbone: { type: "string", default: "models/own" },
      count: { type: "string", default: "300" },
      epochs: { type: "string" },
      steps: { type: "string" },
      seed: { type: "string", default: "1" },
      controls: { type: "boolean", default: false },
      "full-rates": { type: "string", default: "1e-4,3e-4,1e-3" },
      "lora-rates": { type: "string", default: "1e-3,1e-2" },
      "lora-all": { type: "boolean", default: false },
      packs: { type: "string", default: "4" },
      "pack-size": { type: "string", default: "100" },
      text: { type: "string", default: published("data", "text", "wikitext2_raw_valid.txt.gz") },
    },
  });
  return values;
}

type Values = ReturnType<typeof options>;

/** What both sides teach, and what packs are drawn from. */
async function prepared(values: Values) {
  const { facts: path, wordings } = values;
  for (const [flag, given] of [
    ["--facts PATH", path],
    ["--wordings PATH", wordings],
  ] as const) {
    const fix = "name it, or set KADAPTER_DATA to a folder that has data/lama";
    if (!existsSync(given))
      throw userError({ where: flag, what: given ? `${given}: no such file` : "is missing", fix });
  }
  const backbone = await openBackbone(values.backbone);
  if (backbone.config.modelType !== roberta.kind) {
    throw userError({ where: values.backbone, what: backbone.config.modelType, expected: "a RoBERTa" });
  }
  const pool = await readRecallPool({ facts: path, wordings }, backbone.tokenizer);
  const seed = whole(values, "seed");
  const given = {
    seed,
    ...(values.epochs === undefined ? {} : { epochs: whole(values, "epochs") }),
    ...(values.steps === undefined ? {} : { maxSteps: whole(values, "steps", warmUps + 1) }),
  };
  const teach = (facts: typeof pool.single, where: string) =>
    benchTeaching(backbone, { facts, wordings: pool.taught, where }, given);
  const { facts } = drawFacts(pool.single, seed, enough(values, "--count", whole(values, "count"), pool.single), 0);
  return { backbone, pool, seed, teach, teaching: teach(facts, path) };
}

type Prepared = Awaited<ReturnType<typeof prepared>>;

function enough({ facts }: Values, flag: string, wanted: number, all: readonly unknown[]): number {
  if (wanted <= all.length) return wanted;
  const expected = `at most the ${all.length} facts with an object of one token in ${facts}`;
  throw userError({ where: flag, what: `${wanted} facts`, expected });
}

interface Peer {
  readonly torch: string;
  readonly seconds: readonly number[];
  readonly losses: readonly number[];
  /** See {@link TeachingTimes.busy}. */
  readonly busy: number;
}

interface Repetition {
  readonly cold: TeachingTimes;
  readonly cached: TeachingTimes;
  readonly peer: Peer | null;
}

const runName = "taught";

async function repetition(
  { teaching, backbone }: Prepared,
  { scratch, threads, python }: { readonly scratch: string; readonly threads: number; readonly python: string | null },
): Promise<Repetition> {
  const folders = foldersIn(scratch, runName);
  await rm(folders.cache, { recursive: true, force: true });
  const executor = await workerExecutor({ device: "cpu", threads });
  const cold = await teaching.run(executor, folders);
  const cached = await teaching.run(executor, folders);
  await executor.close();
  const files = peerFiles(scratch);
  await teaching.writePeer(files, cold.rates);
  return {
    cold,
    cached,
    peer: python ? await runPeer<Peer>(python, "recall.py", peerArgs(backbone, files), threads) : null,
  };
}

const peerArgs = (backbone: BackboneHandle, { start, taskData }: PeerFiles) => [
  "--backbone",
  backbone.folder,
  "--start",
  start,
  "--data",
  taskData,
];

/** Seconds of a step, of a whole teaching and of 1,000 facts. */
function costs(
  { facts, allSteps }: BenchTeaching,
  { seconds, states = 0 }: Pick<TeachingTimes, "seconds"> & { readonly states?: number },
) {
  const timed = seconds.slice(warmUps);
  const step = timed.reduce((sum, one) => sum + one, 0) / timed.length;
  const teaching = states + step * allSteps;
  return { step, states, teaching, perThousand: (1000 * teaching) / facts.length };
}

type Costs = ReturnType<typeof costs>;

/** Which of the runs waited for other work on the machine, so that their seconds mean nothing; null where none did. */
function disturbed(all: readonly Repetition[]): string | null {
  const least = (of: (one: Repetition) => number) => Math.min(...all.map(of));
  const shares = {
    "kadapter, cold": least(({ cold }) => cold.busy),
    "kadapter, cached": least(({ cached }) => cached.busy),
    PyTorch: least(({ peer }) => peer?.busy ?? 1),
  };
  const waited = Object.entries(shares).filter(([, share]) => share < leastBusy);
  if (waited.length === 0) return null;
  const each = waited.map(([name, share]) => `${name} had ${fixed(100 * share, 0)} % of one`);
  return `NOT A MEASUREMENT: other work took the processors (${each.join(", ")}), so neither seconds nor ratios count`;
}

/** The largest difference of the first steps' losses, as a share of them. */
const largestDifference = ({ cold, peer }: Repetition) =>
  Math.max(
    ...cold.losses
      .slice(0, comparedSteps)
      .map((loss, i) => Math.abs(loss - (peer?.losses[i] ?? Number.NaN)) / Math.abs(loss)),
  );

function report(teaching: BenchTeaching, all: readonly Repetition[]) {
  const { facts, examples, steps, allSteps, batchSize } = teaching;
  console.log(
    `${facts.length} facts, ${examples.length} questions and lines of text, batches of ${batchSize}: ${allSteps} steps, ` +
      `of which ${steps} are taken; medians of ${all.length}\n`,
  );
  console.log(row(24, "", "step, ms", "states, s", "teaching, s", "s per 1,000"));
  const middle = (of: (one: Repetition) => Costs) => {
    const each = all.map(of);
    const part = (name: keyof Costs) => median(each.map((one) => one[name]));
    return { step: part("step"), states: part("states"), teaching: part("teaching"), perThousand: part("perThousand") };
  };
  const line = (name: string, { step, states, teaching: whole, perThousand }: Costs) =>
    console.log(row(24, name, fixed(1000 * step), fixed(states, 2), fixed(whole), fixed(perThousand)));
  const cold = middle((one) => costs(teaching, one.cold));
  const cached = middle((one) => costs(teaching, one.cached));
  line("kadapter, cold cache", cold);
  line("kadapter, states cached", cached);
  const evaluated = median(all.map((one) => one.cold.all));
  const disturbance = disturbed(all);
  const told = `\n${steps} of our steps with states, evaluations and the folder: ${fixed(evaluated)} s`;
  const { torch } = all[0]?.peer ?? {};
  if (torch === undefined) {
    console.log(told);
    if (disturbance) console.log(disturbance);
    return { cold, cached, evaluated, disturbed: disturbance !== null };
  }
  const theirs = (one: Repetition) => costs(teaching, one.peer as Peer);
  const peer = middle(theirs);
  line(`PyTorch ${torch}`, peer);
  const ratio = (part: "step" | "teaching", side: "cold" | "cached") =>
    median(all.map((one) => theirs(one)[part] / costs(teaching, one[side])[part]));
  const ratios = {
    ...{ step: ratio("step", "cold"), stepCached: ratio("step", "cached") },
    ...{ cold: ratio("teaching", "cold"), cached: ratio("teaching", "cached") },
  };
  console.log(row(24, "PyTorch ÷ kadapter, cold", fixed(ratios.step, 2), "", fixed(ratios.cold, 2)));
  console.log(row(24, "PyTorch ÷ cached", fixed(ratios.stepCached, 2), "", fixed(ratios.cached, 2)));
  console.log(told);
  if (disturbance) console.log(disturbance);
  const largest = Math.max(...all.map(largestDifference));
  const ok = largest <= tolerance;
  if (!ok) process.exitCode = 1;
  const { losses = [] } = all[0]?.cold ?? {};
  console.log(
    `Losses ${fixed(losses[0] ?? Number.NaN, 3)} … ${fixed(losses.at(-1) ?? Number.NaN, 3)}; largest difference of the ` +
      `first ${Math.min(comparedSteps, losses.length)} steps ${largest.toExponential(1)} of the loss, ` +
      `${ok ? "within" : "FAILED: above"} ${tolerance}`,
  );
  return { cold, cached, evaluated, peer, ratios, largest, ok, disturbed: disturbance !== null };
}

async function controls(
  values: Values,
  { backbone, pool, seed, teach, teaching }: Prepared,
  { cold }: Repetition,
  { scratch, threads, python }: { readonly scratch: string; readonly threads: number; readonly python: string | null },
) {
  const [packs, packSize] = [whole(values, "packs", 0), whole(values, "pack-size")];
  enough(values, "--packs", packs * packSize, pool.single);
  const rates = { full: positives(values, "full-rates"), lora: positives(values, "lora-rates") };
  const text = await readFirstLines(values.text ? [values.text] : ownText, askedLines);
  const { rows, agreement } = await runControls({
    ...{ backbone, pool, seed, threads, scratch, text, packs, packSize, python },
    facts: { teaching, times: cold, folder: foldersIn(scratch, runName).out },
    pack: teach,
    methods: controlMethods(rates, values["lora-all"]),
  });
  console.log(`\nPercent; all take the same number of steps (the controls', of questions about facts alone)\n`);
  console.log(controlsTable(rows, packSize));
  if (agreement !== null) {
    console.log(`\nBefore, both sides' likeliest words are the same for ${fixed(100 * agreement)} %`);
  }
  return { rows, agreement };
}

async function main(): Promise<void> {
  const values = options();
  if (values.help) {
    console.log(usage);
    return;
  }
  const [threads, how] = [whole(values, "threads"), howLong(values)];
  const ready = await prepared(values);
  const python = how.peer ? await peerPython() : null;
  if (how.peer && !python) console.log(peerAdvice);
  const scratch = await mkdtemp(join(tmpdir(), "kadapter-bench-"));
  try {
    const where = { scratch, threads, python };
    const all = await repeated(how.repetitions, how.minutes, () => repetition(ready, where));
    const found = report(ready.teaching, all);
    const last = all.at(-1) as Repetition;
    const without = values.controls ? { controls: await controls(values, ready, last, where) } : {};
    if (how.json) console.log(JSON.stringify({ benchmark: "recall", ...found, ...without, measured: all }));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

await command(main);
