import { expect, it } from "vitest";
import { type FeatureKind, resolveAdapterConfig } from "../adapters/config.js";
import { relationClassification } from "../tasks/relations/relation-classification.js";
import type { Task } from "../tasks/task.js";
import { headPrediction } from "../tasks/trees/head-prediction.js";
import { AdaptedModel } from "./adapted-model.js";
import { pretrainingDesign } from "./design.js";
import type { MakeHead } from "./task-head.js";

const context = { maxLength: 16, dropout: 0, headInit: 0.1 } as const;
const relations = relationClassification.make({ labels: ["a", "b"], options: {} }, context);
const trees = headPrediction.make({ labels: null, options: {} }, context);

function model(features: FeatureKind, layers: readonly number[], task: Pick<Task<never, never, unknown>, "makeHead">) {
  const adapter = resolveAdapterConfig({ hiddenSize: 8, layers: 4 }, "official", {
    layers: [...layers],
    size: 4,
    heads: 1,
  });
  const makeHead: MakeHead = (scope, sizes) => task.makeHead(scope, sizes);
  return new AdaptedModel({ ...pretrainingDesign({ features, adapter }), hiddenSize: 8, backboneLayers: 4, makeHead });
}

it.each([
  ["adapter", [0, 2], [0, 2, 4], 2],
  ["last", [0, 4], [4], 2],
  // The adapter reads every position of what it taps.
  ["adapter", [0, 4], [0, 4], null],
  // The last hidden state is read by the adapter or by nobody.
  ["output", [0, 2], [0, 2], null],
  ["output", [0, 4], [0, 4], null],
  ["taps", [0, 4], [0, 4], null],
] as const)(
  "reads the last state at the head's positions: %s with layers %j",
  (features, layers, needed, positions) => {
    const { neededLayers, lastPositions } = model(features, layers, relations);
    expect({ neededLayers, lastPositions }).toEqual({ neededLayers: needed, lastPositions: positions });
  },
);

it("reads it everywhere for a head whose positions are as many as words", () => {
  expect(model("adapter", [0, 2], trees).lastPositions).toBeNull();
});
