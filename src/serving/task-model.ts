/**
 * Models for relations, trees, types, choices and questions beside a shared backbone.
 * @module
 */
import type { FoundModel } from "../adapters/found-model.js";
import type { Executor } from "../engine/executor.js";
import { openedBeside, openedInScope } from "../engine/scopes.js";
import { userError } from "../errors.js";
import { parseWith } from "../files/json.js";
import { trainsBackbone } from "../models/design.js";
import { type Asking, askedWhere } from "../tasks/asking.js";
import { askChoice } from "../tasks/choice/asking.js";
import { textsOf } from "../tasks/encoded-examples.js";
import { askPassages } from "../tasks/qa/asking.js";
import { askDownstreamRelations, askPairs, askRelations } from "../tasks/relations/asking.js";
import type { EncodedText, Task } from "../tasks/task.js";
import { encodeUnlabelled, isSkipped } from "../tasks/task-data.js";
import { askTrees } from "../tasks/trees/asking.js";
import { askTypes } from "../tasks/typing/asking.js";
import { concatenated, floatsOf } from "../tensor.js";
import { type ReadModel, readModel } from "../training/load-model.js";
import { type Loaded, loadPrediction, rowsOf } from "../training/session.js";
import type { Backbones } from "./backbones.js";
import type { Batcher } from "./batcher.js";
import { type Item, type Padding, paddingOf, type Reader } from "./job.js";
import type { ModelMeter } from "./model-meter.js";
import type { AskedHow, Prepared, ServedModel } from "./served-model.js";

type AnyAsking = Asking<unknown, unknown, unknown, EncodedText, unknown>;
type AnyRead = ReadModel<unknown, EncodedText, unknown>;

const named = (task: string, asking: unknown) => ({ task, asking: asking as AnyAsking });
/** What is asked of each kind of model; what a question and an answer are is known inside only. */
const askings = [
  named("relations", askRelations),
  named("relations", askDownstreamRelations),
  named("pairs", askPairs),
  named("trees", askTrees),
  named("typing", askTypes),
  named("choices", askChoice),
  named("questions", askPassages),
];

/** The tasks of models that are served here, by the name in their folders. */
export const taskKinds: readonly string[] = askings.map(({ asking }) => asking.kind.name);

/** Proper trees: the maximum spanning tree, not each word's best head. */
const treeOptions = { tree: true };

/** What of an example goes into a batch: all of its texts, or one of those that are computed one by one. */
interface TaskItem extends Item {
  readonly encoded: EncodedText;
}

/** Opens a model of one of {@link taskKinds} beside the backbone that others read, too. */
export async function openTaskModel(
  executor: Executor,
  backbones: Backbones,
  { name: asked, folder, manifest: { task } }: FoundModel,
  backbone: string | undefined,
  meter: ModelMeter,
): Promise<ServedModel> {
  const found = askings.find(({ asking }) => asking.kind.name === task.name);
  if (!found) throw new Error(`${task.name} is not served here`);
  const { task: name, asking } = found;
  const taskOptions = name === "trees" ? treeOptions : {};
  const read = await readModel(asked, asking.kind, { backbone, open: backbones.open, taskOptions });
  if (read.manifest.backbonePrecision !== "float32") {
    throw userError({
      where: folder,
      what: "its backbone computes in int8, so that answers would depend on what else is asked at the moment",
      expected: "a model that was trained beside a float32 backbone",
    });
  }
  const lease = await backbones.acquire(read.backbone);
  return openedBeside([{ close: lease.release }], () =>
    openedInScope(executor, async (scope) => {
      await scope.setState(read.state);
      const loaded = await loadPrediction({ executor: scope, model: read.model });
      const close = async () => {
        await scope.close();
        await lease.release();
      };
      return new TaskModelServed(name, asking, read, loaded, { batcher: lease.batcher, meter }, close);
    }),
  );
}

class TaskModelServed implements ServedModel {
  private readonly reader: Reader<TaskItem, Float32Array>;
  readonly backbone;
  readonly notes;

  constructor(
    readonly task: string,
    private readonly asking: AnyAsking,
    private readonly read: AnyRead,
    loaded: Loaded,
    private readonly asked: { readonly batcher: Batcher; readonly meter: ModelMeter },
    readonly close: () => Promise<void>,
  ) {
    this.backbone = read.backbone;
    this.notes = read.notes;
    const { model, manifest } = read;
    this.reader = {
      layers: trainsBackbone(model.options.trains) ? [] : model.neededLayers,
      dtype: manifest.hiddenStates,
      graph: loaded.graph,
      inputs: new Set(loaded.inputs.keys()),
      output: "logits",
      ...(read.task.hostLoss ? textByText : together(read.task)),
    };
  }

  prepare(question: unknown, { top }: AskedHow): Prepared {
    const { asking, read } = this;
    const example = asking.example(parseWith(asking.question, question, askedWhere));
    const encoded = encodeUnlabelled(read.task, example, read.backbone.tokenizer);
    if (isSkipped(encoded)) throw userError({ where: askedWhere, what: `it cannot be asked: ${encoded.skipped}` });
    const texts = textsOf(read.task, encoded);
    return {
      tokens: texts.reduce((sum, { inputIds }) => sum + inputIds.length, 0),
      answer: async (signal) => {
        const logits = await this.logits(encoded, texts, signal);
        return asking.answer(example, { encoded, logits }, read.task, top);
      },
    };
  }

  private async logits(encoded: EncodedText, texts: readonly EncodedText[], signal: AbortSignal | undefined) {
    const { read, reader } = this;
    const { batcher, meter } = this.asked;
    const ask = (item: TaskItem) => batcher.ask({ reader, item, padding: this.paddingOf(item), signal, meter });
    if (!read.task.hostLoss) return ask({ texts, encoded });
    const parts = await Promise.all(texts.map((text) => ask({ texts: [text], encoded: text })));
    const logits = concatenated(parts);
    return read.task.condense?.(encoded, logits) ?? logits;
  }

  private paddingOf(item: TaskItem): Padding {
    const { model, manifest } = this.read;
    const { maxLength, fixedWidth = false } = manifest.task;
    return paddingOf(item, {
      fixedWidth: fixedWidth ? maxLength : null,
      hidesPadding: model.options.adapters.every(({ config }) => config.maskPadding),
    });
  }
}

type Reading = Pick<Reader<TaskItem, Float32Array>, "feeds" | "results">;

/** A row of logits for each example. */
const together = (task: Task<unknown, EncodedText, unknown>): Reading => ({
  feeds: (items, width) =>
    task.feeds(
      items.map(({ encoded }) => encoded),
      width,
    ),
  results: (output, items) => {
    const logits = floatsOf({ output }, "output");
    const size = logits.length / items.length;
    return items.map((_, i) => logits.slice(i * size, (i + 1) * size));
  },
});

/** Logits of each token, of texts that are computed one by one. */
const textByText: Reading = {
  feeds: () => ({}),
  results: (output, items, width) =>
    rowsOf(
      floatsOf({ output }, "output"),
      items.map(({ encoded }) => encoded),
      width,
    ),
};
