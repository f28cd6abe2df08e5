import { linguisticTable, runLinguistic } from "../../experiments/linguistic.js";
import type { LinguisticExperimentSettings } from "../../settings/experiments.js";
import { linguisticTaskData, readTreeSet } from "../../tasks/trees/linguistic.js";
import { pretrainingOf, runExperiment } from "../experiment.js";
import { noteHeldOut } from "../held-out.js";
import type { CommandContext } from "../run.js";
import { treeFormat } from "../tasks/heads.js";

/** `experiment linguistic`: trains and measures every row with every seed, and prints the table. */
export async function run(options: LinguisticExperimentSettings, context: CommandContext): Promise<void> {
  const { train, dev, test, format, brokenTrees, head, loss, alignment, arcSize, las, rows, seeds } = options;
  const read = { format: treeFormat(format), brokenTrees };
  await runExperiment(options, context, async ({ executor, backbone, watch, publish }) => {
    const task = { head, loss, alignment, arcSize };
    const taskData = await linguisticTaskData({ train, dev, read, task, relations: las });
    noteHeldOut(taskData.dev, context.output);
    const training = pretrainingOf(options, "adapter", backbone, context);
    const data = { taskData, test: await readTreeSet(test, read) };
    const cells = await runLinguistic(executor, { training, rows, seeds }, data, {
      ...watch,
      onCell: ({ row, seed, test: rates }) =>
        watch.onNote(`${row}, seed ${seed}: UAS ${(100 * Number(rates["uas"])).toFixed(1)} % on test data`),
    });
    await publish("linguistic", linguisticTable(cells), { cells });
  });
}
