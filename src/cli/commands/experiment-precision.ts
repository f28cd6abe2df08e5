import { precisionTable, runPrecision } from "../../experiments/precision.js";
import { classifiedFacts } from "../../library/knowledge.js";
import { heldOutOf } from "../../library/learn.js";
import type { PrecisionSettings } from "../../settings/adapter-experiments.js";
import { objectiveFeatures } from "../../tasks/relations/factual.js";
import { pretrainingOf, runExperiment } from "../experiment.js";
import type { CommandContext } from "../run.js";

/** `experiment precision`: trains in every precision with every seed, and prints paired differences. */
export async function run(options: PrecisionSettings, context: CommandContext): Promise<void> {
  const { dev, objective, seeds } = options;
  await runExperiment(options, context, async ({ executor, backbone, watch, publish }) => {
    const taskData = await classifiedFacts(options, backbone);
    heldOutOf(taskData.dev, context.output.note.bind(context.output));
    // What decides the precision is each row's own.
    const own = { ...options, cacheDtype: "float16", backbonePrecision: "float32" } as const;
    const training = pretrainingOf(own, objectiveFeatures(objective, "adapter"), backbone, context);
    const cells = await runPrecision(executor, { training, seeds }, taskData, {
      ...watch,
      onCell: ({ precision, seed, right }) => {
        const rate = right.filter((one) => one).length / right.length;
        watch.onNote(`${precision}, seed ${seed}: ${(100 * rate).toFixed(2)} %`);
      },
    });
    const examples = cells[0]?.right.length ?? 0;
    const where = dev ?? "those held out";
    const head = `${examples} examples of ${where}, seeds ${seeds}; differences in points, 95 % interval`;
    await publish("precision", `${head}\n\n${precisionTable(cells)}`, { cells });
  });
}
