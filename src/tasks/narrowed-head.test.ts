import { expect, it } from "vitest";
import { AdaptedModel } from "../models/adapted-model.js";
import { pretrainingDesign } from "../models/design.js";
import type { MakeHead } from "../models/task-head.js";
import { ParamScope } from "../nn/index.js";
import { narrowedHead } from "./narrowed-head.js";
import { entityTyping } from "./typing/entity-typing.js";
import { TypingHead } from "./typing/typing-head.js";

const shapes = (parameters: readonly { readonly name: string; readonly shape: readonly number[] }[]) =>
  Object.fromEntries(parameters.map(({ name, shape }) => [name, shape]));
const head = (scope: ParamScope) => new TypingHead(scope, 3, { hiddenSize: 8, dropout: 0, init: 0.1 });

it("adds a layer where features are wider than the model, and none where they are not", () => {
  const own = { "dense.weight": [8, 8], "dense.bias": [8], "out_proj.weight": [3, 8], "out_proj.bias": [3] };
  const narrow = narrowedHead(ParamScope.root(), { featureSize: 8, hiddenSize: 8 }, 0.1, head);
  expect(shapes(narrow.parameters)).toEqual(own);
  const wide = narrowedHead(ParamScope.root(), { featureSize: 16, hiddenSize: 8 }, 0.1, head);
  expect(shapes(wide.parameters)).toEqual({ "com_dense.weight": [8, 16], "com_dense.bias": [8], ...own });
});

it("lets entity typing be pre-trained beside an adapter", () => {
  const task = entityTyping.make(
    { labels: ["a", "b", "c"], options: {} },
    { maxLength: 16, dropout: 0, headInit: 0.1 },
  );
  const adapter = { layers: [0, 2], size: 4, transformerLayers: 1, heads: 1, intermediateSize: 8, skip: 0, dropout: 0 };
  const rest = { input: "sum", attention: "bidirectional", maskPadding: true, layerNormEps: 1e-5, init: 0.1 } as const;
  const sizes = { hiddenSize: 8, backboneLayers: 2 };
  const widths = (["adapter", "output", "last", "taps"] as const).map((features) => {
    const makeHead: MakeHead = (scope, own) => task.makeHead(scope, own);
    const { head: made, neededLayers } = new AdaptedModel({
      ...pretrainingDesign({ features, adapter: { ...adapter, ...rest } }),
      ...sizes,
      makeHead,
    });
    return [shapes(made.parameters)["com_dense.weight"], neededLayers];
  });
  expect(widths).toEqual([
    [
      [8, 16],
      [0, 2],
    ],
    [undefined, [0, 2]],
    [undefined, [2]],
    [
      [8, 16],
      [0, 2],
    ],
  ]);
});
