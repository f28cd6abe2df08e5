import { treeSettings } from "./linguistic.js";
import type { Settings } from "./setting.js";
import { adapterSettings, dataSettings, runtimeSettings, trainingSettings } from "./shared.js";
import { knowledgeFiles, rate, whole } from "./values.js";

/** Kinds of knowledge that a backbone can learn together. */
const multitaskKinds = ["factual", "linguistic"] as const;

const { gradientAccumulation: _, ...how } = trainingSettings;

/** `pretrain multitask`. */
export const multitaskSettings = {
  backbone: { ...dataSettings.backbone, help: `the model that is trained: ${dataSettings.backbone.expects}` },
  learn: {
    ...dataSettings.train,
    argument: "kind=files...",
    schema: knowledgeFiles(multitaskKinds, ["train", "dev"], 1),
    expects: `some of ${multitaskKinds.join(", ")}, each once, such as factual=train.json,dev.json`,
    help: `what the model learns, each kind with its files, KIND=TRAIN,DEV; kinds: ${multitaskKinds.join(", ")}`,
  },
  out: {
    ...dataSettings.out,
    expects: "the folder for the model",
    help: "folder for the trained model, its checkpoints and metrics",
  },
  maxLength: dataSettings.maxLength,
  headInit: adapterSettings.headInit,
  arcSize: treeSettings.arcSize,
  ...how,
  epochs: { ...trainingSettings.epochs, schema: whole(1, 1_000_000).default(1) },
  learningRate: {
    ...trainingSettings.learningRate,
    schema: rate.default(5e-5),
    help: "highest learning rate of the model",
  },
  ...runtimeSettings,
};

export type MultitaskSettings = Settings<typeof multitaskSettings>;
