/**
 * `npm run bench:lm`: training a small language model from scratch, beside PyTorch. Both sides start from the same weights
 * and read the same texts with the same masks, so their losses must agree step by step.
 * @module
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { roberta } from "../src/backbones/index.js";
import { userError } from "../src/errors.js";
import { LanguageModel } from "../src/lm/language-model.js";
import { type EncodedMasked, MaskedLm, maskedLmSettings } from "../src/lm/masked-lm.js";
import { collectTextBlocks } from "../src/lm/text-blocks.js";
import { workerExecutor } from "../src/runtime/worker-executor.js";
import { isSkipped } from "../src/tasks/task-data.js";
import { published } from "../src/testing/published.js";
import { loadTokenizer } from "../src/text/tokenizer.js";
import { adamWDefaults } from "../src/training/adamw.js";
import { LanguageModelSession } from "../src/training/language-model-session.js";
import { backboneConfig } from "./backbone-folder.js";
import { command, fixed, row, whole } from "./command.js";
import { comparisonFlags, howLong } from "./comparison.js";
import { repeated } from "./epochs.js";
import { peerAdvice, peerPython, runPeer } from "./peer.js";
import { peerFiles } from "./request.js";
import { writeStart } from "./start.js";
import { median, seconds } from "./stats.js";

const usage = `npm run bench:lm -- [options]
  --model DIR       a RoBERTa's folder, of which shape and vocabulary are taken (models/own)
  --text FILE       plain text (data/text/wikitext2_raw_valid.txt.gz in the folder KADAPTER_DATA, or else the docs)
  --batch N         texts in a batch (16)
  --length N        tokens of a text (128)
  --steps N         (40)
  --threads N       threads of both sides (one a core)
  --repetitions N   at most so many (3)
  --minutes N       begins no repetition that would not end by then (10)
  --no-peer         without PyTorch
  --json            the last line is one JSON object`;

const ownText = ["README.md", "docs/concepts.md", "docs/data.md", "docs/experiments.md", "docs/lama.md"];
/** As the project's own model was trained (recipes/own-model.yaml). */
const maskRate = 0.3;
const rate = 3e-4;
const seed = 1;
/** The largest difference of a step's losses. */
const tolerance = 1e-3;
/** Steps whose time does not count: graphs allocate, and so does PyTorch. */
const warmUps = 3;

function options() {
  const { values } = parseArgs({
    options: {
      model: { type: "string", default: "models/own" },
      text: { type: "string" },
      batch: { type: "string", default: "16" },
      length: { type: "string", default: "128" },
      steps: { type: "string", default: "40" },
      ...comparisonFlags,
      minutes: { ...comparisonFlags.minutes, default: "10" },
    },
  });
  return values;
}

/** What both sides train. */
async function taskDataOf(values: ReturnType<typeof options>) {
  const [batch, length, steps] = [whole(values, "batch"), whole(values, "length", 8), whole(values, "steps")];
  const given = await backboneConfig(values.model);
  if (given.modelType !== roberta.kind)
    throw userError({ where: values.model, what: given.modelType, expected: "a RoBERTa" });
  // Nothing drops, or the losses could not be compared.
  const config = { ...given, hiddenDropout: 0, attentionDropout: 0 };
  const tokenizer = await loadTokenizer(values.model);
  const settings = maskedLmSettings(tokenizer, config.vocabSize, { rate: maskRate, seed });
  const objective = new MaskedLm(settings, { maxLength: length });
  const text = values.text ?? published("data", "text", "wikitext2_raw_valid.txt.gz");
  const files = text ? [text] : ownText;
  const blocks = await collectTextBlocks(files, tokenizer, { maxLength: length });
  const texts = blocks.flatMap((block) => {
    const text = objective.encode(block, tokenizer);
    return isSkipped(text) || text.inputIds.length !== length ? [] : [text];
  });
  if (texts.length < batch)
    throw userError({
      where: files.join(" "),
      what: `${texts.length} texts of ${length} tokens`,
      expected: `${batch}`,
    });
  const batches = Array.from({ length: steps }, (_, step) =>
    Array.from({ length: batch }, (_, i) => texts[(step * batch + i) % texts.length] as EncodedMasked),
  );
  return { config, objective, batches, tokens: batch * length };
}

type TaskData = Awaited<ReturnType<typeof taskDataOf>>;

/** Seconds and loss of every step. */
interface Steps {
  readonly seconds: readonly number[];
  readonly losses: readonly number[];
}

async function ours({ config, objective, batches }: TaskData, threads: number): Promise<Steps> {
  const executor = await workerExecutor({ device: "cpu", threads });
  const session = await LanguageModelSession.open({
    ...{ executor, backbone: { definition: roberta, config }, objective, optimizer: adamWDefaults },
    model: new LanguageModel(roberta.build(config)),
    batchSize: batches[0]?.length ?? 1,
    given: async () => ({}),
  });
  await session.initialise(seed);
  const steps = { seconds: [] as number[], losses: [] as number[] };
  for (const [i, batch] of batches.entries()) {
    const step = async () => {
      steps.losses.push((await session.step([batch], { learningRate: rate, update: i + 1, epoch: 0, seed })).loss);
    };
    steps.seconds.push(await seconds(step));
  }
  await session.close();
  await executor.close();
  return steps;
}

/** Writes what PyTorch starts from and reads. */
async function writePeerFiles(scratch: string, { config, objective, batches }: TaskData) {
  const files = peerFiles(scratch);
  const { parameters } = new LanguageModel(roberta.build(config));
  await writeStart(files.start, parameters, seed);
  const drawn = batches.map((batch, i) =>
    batch.map((text, row) => {
      const { inputIds, positions, targets } = objective.redraw(text, seed, i + 1, row);
      return { ids: [...inputIds], positions, targets };
    }),
  );
  const { hiddenSize: hidden, heads, intermediateSize: inner, layers, vocabSize: vocabulary, maxPositions } = config;
  const shape = { hidden, heads, inner, layers, vocabulary, places: maxPositions, padding: config.padTokenId };
  await writeFile(files.taskData, JSON.stringify({ shape: { ...shape, eps: config.layerNormEps }, batches: drawn }));
  return files;
}

interface Peer extends Steps {
  readonly torch: string;
}

const perSecond = ({ tokens }: TaskData, steps: Steps) => tokens / median(steps.seconds.slice(warmUps));

async function main(): Promise<void> {
  const values = options();
  if (values.help) {
    console.log(usage);
    return;
  }
  const taskData = await taskDataOf(values);
  const [threads, how] = [whole(values, "threads"), howLong(values)];
  if (taskData.batches.length <= warmUps)
    throw userError({ where: "--steps", what: values.steps, expected: `more than ${warmUps}, which are not timed` });
  const python = how.peer ? await peerPython() : null;
  if (how.peer && !python) console.log(peerAdvice);
  const scratch = await mkdtemp(join(tmpdir(), "kadapter-bench-"));
  try {
    const { start, taskData: data } = await writePeerFiles(scratch, taskData);
    const args = ["--start", start, "--data", data, "--rate", String(rate)];
    const all = await repeated(how.repetitions, how.minutes, async () => ({
      ours: await ours(taskData, threads),
      peer: python ? await runPeer<Peer>(python, "lm.py", args, threads) : null,
    }));
    report(taskData, all, how.json);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function report(
  taskData: TaskData,
  all: readonly { readonly ours: Steps; readonly peer: Peer | null }[],
  json: boolean,
) {
  const { layers, hiddenSize, vocabSize } = taskData.config;
  const own = median(all.map((one) => perSecond(taskData, one.ours)));
  console.log(
    `RoBERTa of ${layers} layers × ${hiddenSize}, ${vocabSize} words; ${taskData.tokens} tokens a step, ` +
      `medians of ${all.length} × ${taskData.batches.length - warmUps} steps\n`,
  );
  console.log(row(24, "", "tokens/s"));
  console.log(row(24, "kadapter", fixed(own, 0)));
  const peers = all.flatMap(({ ours: mine, peer }) => (peer ? [{ mine, peer }] : []));
  let compared = {};
  if (peers.length > 0) {
    const theirs = median(peers.map(({ peer }) => perSecond(taskData, peer)));
    const ratio = median(peers.map(({ mine, peer }) => perSecond(taskData, mine) / perSecond(taskData, peer)));
    const largest = Math.max(
      ...peers.flatMap(({ mine, peer }) =>
        mine.losses.map((loss, i) => Math.abs(loss - (peer.losses[i] ?? Number.NaN))),
      ),
    );
    const ok = largest <= tolerance;
    console.log(row(24, `PyTorch ${peers[0]?.peer.torch}`, fixed(theirs, 0)));
    console.log(row(24, "kadapter ÷ PyTorch", fixed(ratio, 2)));
    const [first, last] = [peers[0]?.mine.losses[0], peers[0]?.mine.losses.at(-1)];
    console.log(
      `\nLosses ${fixed(first ?? Number.NaN, 3)} … ${fixed(last ?? Number.NaN, 3)}; largest difference of a step ` +
        `${largest.toExponential(1)}, ${ok ? "within" : "FAILED: above"} ${tolerance}`,
    );
    if (!ok) process.exitCode = 1;
    compared = { peer: theirs, ratio, largest, ok };
  }
  if (json) console.log(JSON.stringify({ benchmark: "lm", tokensPerSecond: own, ...compared, measured: all }));
}

await command(main);
