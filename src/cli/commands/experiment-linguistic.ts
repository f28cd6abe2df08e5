import { linguisticTable, runLinguistic } from "../../experiments/linguistic.js";
import { treesOf } from "../../library/knowledge.js";
import { heldOutOf } from "../../library/learn.js";
import type { LinguisticExperimentSettings } from "../../settings/adapter-experiments.js";
import { readTreeSet } from "../../tasks/trees/linguistic.js";
import { pretrainingOf, runExperiment } from "../experiment.js";
import type { CommandContext } from "../run.js";
import { treeFormat } from "../tasks/heads.js";

/** `experiment linguistic`: trains and measures every row with every seed, and prints the table. */
export async function run(options: LinguisticExperimentSettings, context: CommandContext): Promise<void> {
  const { test, format, brokenTrees, rows, seeds } = options;
  const read = { format: treeFormat(format), brokenTrees };
  await runExperiment(options, context, async ({ executor, backbone, watch, publish }) => {
    const taskData = await treesOf(options);
    heldOutOf(taskData.dev, context.output.note.bind(context.output));
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
