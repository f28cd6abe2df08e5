import { writeFileAtomically } from "../../files/atomic.js";
import { workerExecutor } from "../../runtime/index.js";
import { argmax, type ClassificationScores } from "../../tasks/index.js";
import { countSkipped, encodeRelations, loadRelationModel, readAllRelations } from "../../training/relation-setup.js";
import { predictAll } from "../../training/trainer.js";
import type { EvalOptions } from "../commands/eval.js";
import type { CommandContext } from "../run.js";
import { refuseExisting } from "./files.js";
import { formatOf, runtimeOf } from "./pretrain-factual.js";

/** `eval`: how often an adapter is right on labelled examples. */
export async function handleEval(options: EvalOptions, { output, signal }: CommandContext): Promise<void> {
  if (options.predictions !== undefined) await refuseExisting(options.predictions, options.overwrite);
  const executor = await workerExecutor(runtimeOf(options));
  try {
    const { session, task } = await loadRelationModel(executor, options.adapter, options.backbone);
    const data = await readAllRelations(options.data, { format: formatOf(options.format) });
    const { examples, skipped } = encodeRelations(task, data.examples, data.skipped);
    const logits = await predictAll(session, examples, options.batchSize, signal);
    const scores = task.score(examples.map((encoded, i) => ({ encoded, logits: logits[i] as Float32Array })));
    if (options.predictions !== undefined) {
      const lines = examples.map(({ example }, i) => {
        const answer = task.labels[argmax(logits[i] as Float32Array)];
        return JSON.stringify({ where: example.where, relation: example.relation, predicted: answer });
      });
      await writeFileAtomically(options.predictions, `${lines.join("\n")}\n`);
    }
    print(scores, countSkipped(skipped), output);
    const { perClass, ...rates } = scores;
    output.result({
      adapter: options.adapter,
      data: options.data,
      ...rates,
      skipped: countSkipped(skipped),
      skippedBy: skipped,
      perRelation: perClass,
    });
  } finally {
    await executor.close();
  }
}

function print(scores: ClassificationScores, skipped: number, output: CommandContext["output"]): void {
  const percent = (rate: number) => (100 * rate).toFixed(1).padStart(5);
  const width = Math.max(8, ...Object.keys(scores.perClass).map(({ length }) => length));
  output.say(`${"relation".padEnd(width)}  precision  recall     F1  examples`);
  for (const [name, { precision, recall, f1, support }] of Object.entries(scores.perClass)) {
    if (support === 0) continue;
    output.say(
      `${name.padEnd(width)}      ${percent(precision)}   ${percent(recall)}  ${percent(f1)}  ${String(support).padStart(8)}`,
    );
  }
  output.say(
    `accuracy ${percent(scores.accuracy)} %, macro F1 ${percent(scores.macroF1)} %, ${scores.examples} examples, ${skipped} skipped`,
  );
}
