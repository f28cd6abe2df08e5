/**
 * The options of `pretrain multitask`.
 * @module
 */
import { z } from "zod";
import { learnSchema } from "./learn-option.js";
import { linguisticOwnSpecs } from "./linguistic-options.js";
import { adapterSpecs, dataSpecs, runtimeSpecs, trainingSpecs, whole } from "./options.js";
import { type Options, option } from "./spec.js";

/** Kinds of knowledge that a backbone can learn together. */
export const multitaskKinds = ["factual", "linguistic"] as const;

const { gradientAccumulation: _, ...how } = trainingSpecs;

export const multitaskSpecs = {
  backbone: option({ ...dataSpecs.backbone, help: `the model that is trained: ${dataSpecs.backbone.expects}` }),
  learn: option({
    flags: "--learn <kind=files...>",
    kind: "text",
    schema: learnSchema(multitaskKinds, ["train", "dev"], 1),
    expects: `some of ${multitaskKinds.join(", ")}, each once, such as factual=train.json,dev.json`,
    help: `what the model learns, each with its files: KIND=TRAIN,DEV; ${multitaskKinds.join(", ")}`,
  }),
  out: option({
    ...dataSpecs.out,
    expects: "the folder for the model",
    help: "folder for the trained model, its checkpoints and metrics",
  }),
  maxLength: dataSpecs.maxLength,
  headInit: adapterSpecs.headInit,
  arcSize: linguisticOwnSpecs.arcSize,
  ...how,
  epochs: option({
    ...trainingSpecs.epochs,
    schema: whole(1, 1_000_000).default(1),
    help: "passes over the training examples (default 1)",
  }),
  learningRate: option({
    ...trainingSpecs.learningRate,
    schema: z.number().positive().max(1).default(5e-5),
    help: "highest learning rate of the model (default 5e-5)",
  }),
  ...runtimeSpecs,
};

export type MultitaskOptions = Options<typeof multitaskSpecs>;
