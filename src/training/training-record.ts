import type { DoneEvent, Metrics } from "../engine/events.js";
import { type BackboneHandle, backboneIdentity } from "../features/backbone-handle.js";
import type { FeatureOptions } from "../features/features.js";
import type { JsonObject, TaskSettings } from "../tasks/task.js";
import { countSkipped, type SkipCounts } from "../tasks/task-data.js";
import { hashJson } from "../weights/hash.js";

/** What was trained: on which features, and by which recipe. */
interface RecordedPlan {
  readonly backbone: BackboneHandle;
  readonly featureOptions: FeatureOptions;
  readonly maxLength: number;
  readonly recipe: JsonObject;
}

/** How many examples there were. */
interface Counted {
  readonly examples: { readonly length: number };
  readonly skipped: SkipCounts;
}

/** What was learnt, and from how much. */
interface RecordedTaskData {
  readonly kind: { readonly name: string };
  readonly settings: TaskSettings;
  readonly train: Counted;
  readonly dev: Counted;
  readonly test?: Counted | null;
}

/** The part of a manifest that every training writes, be it of an adapter or of a downstream model. */
export function trainingRecord(
  { backbone, featureOptions, maxLength, recipe }: RecordedPlan,
  { kind, settings, train, dev, test }: RecordedTaskData,
  fixedWidth: boolean,
  scored: Metrics,
  last: DoneEvent,
) {
  const sets = [train, dev, ...(test ? [test] : [])];
  const metrics: Metrics = {
    ...scored,
    bestStep: last.bestStep,
    steps: last.step,
    trainExamples: train.examples.length,
    devExamples: dev.examples.length,
    ...(test ? { testExamples: test.examples.length } : {}),
    skipped: sets.reduce((sum, { skipped }) => sum + countSkipped(skipped), 0),
  };
  return {
    hiddenStates: featureOptions.dtype,
    backbonePrecision: featureOptions.precision ?? "float32",
    backbone: backboneIdentity(backbone),
    task: {
      name: kind.name,
      labels: settings.labels,
      maxLength,
      ...(fixedWidth ? { fixedWidth } : {}),
      options: settings.options,
    },
    recipe,
    metrics,
  };
}

/** A copy of a manifest, or of a run's options, as it will be read: without undefined fields. */
export const asStored = <T>(written: object): T => JSON.parse(JSON.stringify(written)) as T;

/** What a run's identity says of what is learnt, besides the data. */
export const learntIdentity = ({ kind, settings }: Pick<RecordedTaskData, "kind" | "settings">) => ({
  task: `${kind.name} ${JSON.stringify(settings.options)}`,
  labels: hashJson(settings.labels),
});
