import type { FileHandle } from "node:fs/promises";
import { type RelationExample, readRelations } from "../../data/index.js";
import { userError } from "../../errors.js";
import { writeAtomically } from "../../files/atomic.js";
import { workerExecutor } from "../../runtime/index.js";
import { probabilities } from "../../tasks/index.js";
import { type LoadedRelationModel, loadRelationModel } from "../../training/relation-setup.js";
import { predictAll } from "../../training/trainer.js";
import type { PredictOptions } from "../commands/predict.js";
import { jsonLine } from "../output.js";
import type { CommandContext } from "../run.js";
import { refuseExisting } from "./files.js";
import { formatOf, runtimeOf } from "./pretrain-factual.js";

/** How many batches of examples are sorted by length together and held in memory. */
const chunkBatches = 64;

/** What `predict` says of one example: a line of JSON. */
type Answer = { readonly where: string; readonly id?: string; readonly subject: string; readonly object: string } & (
  | { readonly relations: readonly { readonly relation: string; readonly probability: number }[] }
  | { readonly skipped: string }
);

/** `predict`: the likeliest relations of every example, as JSON lines in the data's order. */
export async function handlePredict(options: PredictOptions, { output, signal }: CommandContext): Promise<void> {
  const { out } = options;
  if (out !== undefined) await refuseExisting(out, options.overwrite);
  const executor = await workerExecutor(runtimeOf(options));
  try {
    const model = await loadRelationModel(executor, options.adapter, options.backbone);
    const predictions: Answer[] = [];
    const skipped: Record<string, number> = {};
    let examples = 0;
    const run = async (write: (line: string) => Promise<void> | void) => {
      for await (const answer of answers(model, options, signal)) {
        examples++;
        if ("skipped" in answer) skipped[answer.skipped] = (skipped[answer.skipped] ?? 0) + 1;
        if (output.json && out === undefined) predictions.push(answer);
        else await write(jsonLine(answer));
      }
    };
    if (out === undefined) await run((line) => output.say(line));
    else await writeAtomically(out, (file) => run((line) => appendLine(file, line)));
    if (out !== undefined) output.say(`${examples} examples in ${out}`);
    for (const [reason, count] of Object.entries(skipped)) output.note(`skipped ${count}: ${reason}`);
    output.result({
      adapter: options.adapter,
      examples,
      skipped: Object.values(skipped).reduce((sum, count) => sum + count, 0),
      skippedBy: skipped,
      ...(out === undefined ? { predictions } : { out }),
    });
  } finally {
    await executor.close();
  }
}

async function appendLine(file: FileHandle, line: string): Promise<void> {
  await file.appendFile(`${line}\n`);
}

async function* answers(
  model: LoadedRelationModel,
  options: PredictOptions,
  signal: AbortSignal,
): AsyncGenerator<Answer> {
  let chunk: RelationExample[] = [];
  let any = false;
  for await (const example of examplesOf(options)) {
    any = true;
    if (chunk.push(example) < chunkBatches * options.batchSize) continue;
    yield* await answerAll(model, chunk, options, signal);
    chunk = [];
  }
  if (!any && "data" in options.input) {
    throw userError({ where: options.input.data, what: "the file holds no examples" });
  }
  yield* await answerAll(model, chunk, options, signal);
}

async function* examplesOf({ input, format }: PredictOptions): AsyncGenerator<RelationExample> {
  if ("data" in input) yield* readRelations(input.data, { format: formatOf(format), unlabelled: true });
  else yield { ...input.sentence, relation: "", where: "--text" };
}

async function answerAll(
  { task, session }: LoadedRelationModel,
  examples: readonly RelationExample[],
  { batchSize, top }: PredictOptions,
  signal: AbortSignal,
): Promise<Answer[]> {
  const encoded = examples.map((example) => task.encodeUnlabelled(example));
  const usable = encoded.flatMap((result) => ("skipped" in result ? [] : [result]));
  const logits = await predictAll(session, usable, batchSize, signal);
  let next = 0;
  return encoded.map((result, i) => {
    const { text, subject, object, where, id } = examples[i] as RelationExample;
    const about = {
      where,
      ...(id === undefined ? {} : { id }),
      subject: text.slice(subject.start, subject.end),
      object: text.slice(object.start, object.end),
    };
    if ("skipped" in result) return { ...about, skipped: result.skipped };
    return { ...about, relations: likeliest(logits[next++] as Float32Array, task.labels, top) };
  });
}

/** The `top` labels with the highest probabilities; the earlier label first at a tie. */
function likeliest(logits: Float32Array, labels: readonly string[], top: number) {
  const shares = probabilities(logits);
  return Array.from(labels, (relation, i) => ({ relation, probability: shares[i] as number }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top);
}
