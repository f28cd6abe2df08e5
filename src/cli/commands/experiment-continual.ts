import { userError } from "../../errors.js";
import { type ContinualStage, runContinual } from "../../experiments/continual.js";
import { continualChanges, continualTable, continualVerdicts } from "../../experiments/continual-report.js";
import type { BackboneHandle } from "../../features/backbone-handle.js";
import { featureOptionsOf, readable } from "../../library/plan.js";
import { RandomStream } from "../../random.js";
import type { ContinualSettings, LearnKind } from "../../settings/knowledge-experiments.js";
import { chosenExamples } from "../../tasks/examples.js";
import {
  classificationTaskData,
  defaultEntityVector,
  readRelationSet,
  relationLabels,
} from "../../tasks/relations/factual.js";
import type { EncodedText } from "../../tasks/task.js";
import type { DownstreamTaskData, ExampleSet } from "../../tasks/task-data.js";
import { linguisticTaskData, plainTrees, readTreeSet } from "../../tasks/trees/linguistic.js";
import { typingTaskData } from "../../tasks/typing/typing-data.js";
import { experimentAdapter, experimentSettings, runExperiment } from "../experiment.js";
import type { CommandContext } from "../run.js";

/** `experiment continual`: trains kinds of knowledge in turn, prints the matrix and what became of the earlier ones. */
export async function run(options: ContinualSettings, context: CommandContext): Promise<void> {
  await runExperiment(options, context, async (how) => {
    const stages: ContinualStage[] = [];
    for (const { kind, files } of options.learn) stages.push(await stageOf(kind, files, how.backbone, options));
    const { out, systems, seeds, headLearningRate, headInit, weightDecay, maxGradNorm } = options;
    const { modelLearningRate } = options;
    const { backbone, executor, watch } = how;
    const { maxLength } = readable(options, backbone);
    const architecture = experimentAdapter(options, backbone, context);
    const plan = {
      ...{ backbone, architecture, out, stages, systems, seeds, maxLength, modelLearningRate, headLearningRate },
      ...{ headInit, weightDecay, maxGradNorm },
      featureOptions: featureOptionsOf(options),
      settings: experimentSettings(options),
    };
    const cells = await runContinual(executor, plan, {
      ...watch,
      onCell: ({ system, seed, step, kind, metric }) =>
        watch.onNote(`${system}, seed ${seed}, after step ${step}: ${kind} ${(100 * metric).toFixed(1)} %`),
    });
    const changes = continualChanges(cells);
    const verdicts = continualVerdicts(changes);
    const kinds = stages.map(({ name }) => name);
    const page = [continualTable(cells, kinds), "", ...verdicts.map((line) => `- ${line}`)].join("\n");
    await how.publish("continual", page, { cells, changes, verdicts });
  });
}

interface StageFiles {
  readonly train: string;
  readonly dev: string;
  readonly test: string;
}

async function stageOf(
  kind: LearnKind,
  files: StageFiles,
  backbone: BackboneHandle,
  limits: ContinualSettings,
): Promise<ContinualStage> {
  switch (kind) {
    case "factual": {
      const [train, dev, test] = await readAll(files, (file) => readRelationSet([file], {}));
      const sets = { labels: relationLabels(train.examples), train, dev };
      return stage(
        kind,
        { ...classificationTaskData(sets, { entityVector: defaultEntityVector(backbone.config) }), test },
        limits,
      );
    }
    case "linguistic": {
      const data = plainTrees(files.train, files.dev, limits.arcSize);
      const test = await readTreeSet([files.test], data.read);
      return stage(kind, { ...(await linguisticTaskData(data)), test }, limits);
    }
    case "entity-typing": {
      const data = { train: [files.train], dev: [files.dev], test: [files.test] };
      const { test, ...taskData } = await typingTaskData(data, {});
      if (!test) throw userError({ where: files.test, what: "there are no examples to test on" });
      return stage(kind, { ...taskData, test }, limits);
    }
  }
}

async function readAll<X>({ train, dev, test }: StageFiles, read: (file: string) => Promise<X>): Promise<[X, X, X]> {
  return [await read(train), await read(dev), await read(test)];
}

/** A kind of knowledge with its sets cut to size. */
function stage<Example, Encoded extends EncodedText, Score>(
  name: string,
  taskData: Required<DownstreamTaskData<Example, Encoded, Score>>,
  { sentences, testSentences, dataSeed }: ContinualSettings,
): ContinualStage {
  const cut = (set: ExampleSet<Example>, most: number, part: string): ExampleSet<Example> => {
    const all = Uint32Array.from({ length: set.examples.length }, (_, i) => i);
    const order = new RandomStream(dataSeed, "continual", name, part).shuffle(all);
    return { ...set, examples: chosenExamples(set.examples, order.slice(0, most).sort()) };
  };
  const sets = {
    train: cut(taskData.train, sentences, "train"),
    dev: cut(taskData.dev, testSentences, "dev"),
    test: cut(taskData.test, testSentences, "test"),
  };
  return { name, taskData: (use) => use({ ...taskData, ...sets }) };
}
