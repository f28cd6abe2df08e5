/**
 * Adapters that were taught facts, beside a shared backbone.
 * @module
 */
import type { FoundModel } from "../adapters/found-model.js";
import type { Executor } from "../engine/executor.js";
import { userError } from "../errors.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import { parseWith } from "../files/json.js";
import { filledLength, maskedText } from "../probing/answers.js";
import { ClozeModel, type ClozeModelOptions } from "../probing/cloze-model.js";
import { TaughtModel } from "../probing/taught-model.js";
import { askedWhere } from "../tasks/asking.js";
import { wordQuestion } from "../tasks/recall/asking.js";
import type { BackboneLease, Backbones } from "./backbones.js";
import { BatchedPositions } from "./batched-positions.js";
import type { ModelMeter } from "./model-meter.js";
import type { AskedHow, Prepared, ServedModel } from "./served-model.js";

/** Texts that a model of words sends to the batcher at a time. */
const together = 32;

/** What models of words have of a shared backbone; its leases are taken when they are opened. */
class SharedParts {
  private readonly leases: BackboneLease[] = [];
  readonly options: Pick<Required<ClozeModelOptions>, "open" | "ownHead" | "positions">;

  constructor(executor: Executor, backbones: Backbones, meterOf: (adapter: string) => ModelMeter | undefined) {
    const leaseOf = async (backbone: BackboneHandle) => {
      const lease = await backbones.acquire(backbone);
      this.leases.push(lease);
      return lease;
    };
    this.options = {
      open: backbones.open,
      ownHead: async (backbone) => (await leaseOf(backbone)).ownHead(),
      positions: async (backbone, adapters) => {
        const lease = await leaseOf(backbone);
        return BatchedPositions.open(executor, lease.batcher, backbone, adapters, meterOf);
      },
    };
  }

  async close(): Promise<void> {
    for (const lease of this.leases.splice(0)) await lease.release();
  }
}

async function openShared<M extends { close(): Promise<void> }>(
  executor: Executor,
  backbones: Backbones,
  meterOf: (adapter: string) => ModelMeter | undefined,
  open: (shared: SharedParts["options"]) => Promise<M>,
): Promise<{ readonly model: M; close(): Promise<void> }> {
  const parts = new SharedParts(executor, backbones, meterOf);
  try {
    const model = await open(parts.options);
    const close = async () => {
      await model.close();
      await parts.close();
    };
    return { model, close };
  } catch (error) {
    await parts.close();
    throw error;
  }
}

/** A model that fills masks, for several sets of adapters. */
export interface FillModel {
  readonly model: ClozeModel;
  close(): Promise<void>;
}

/** A model that an adapter was taught for. */
export interface TaughtFolder {
  readonly name: string;
  readonly folder: string;
  readonly meter: ModelMeter;
}

/** Opens a backbone's own head beside any adapters that were taught facts. */
export function openFillModel(
  executor: Executor,
  backbones: Backbones,
  backbone: string,
  taught: readonly TaughtFolder[],
): Promise<FillModel> {
  const adapters = Object.fromEntries(taught.map(({ name, folder }) => [name, folder]));
  const meterOf = (adapter: string) => taught.find(({ name }) => name === adapter)?.meter;
  return openShared(executor, backbones, meterOf, (shared) =>
    ClozeModel.open(executor, { backbone, adapters, ...shared }),
  );
}

/** Opens one adapter that was taught facts, to be asked for words. */
export async function openWordModel(
  executor: Executor,
  backbones: Backbones,
  found: FoundModel,
  backbone: string | undefined,
  meter: ModelMeter,
): Promise<ServedModel> {
  const { model: taught, close } = await openShared(
    executor,
    backbones,
    () => meter,
    (shared) => TaughtModel.open(executor, found, backbone, shared),
  );
  const prepare = (question: unknown, { top, tokens }: AskedHow): Prepared => {
    const { text } = parseWith(wordQuestion, question, askedWhere);
    const length = filledLength(maskedText(text, taught.model, askedWhere)) + (tokens ?? 1) - 1;
    if (length > taught.maxLength) {
      const expected = `at most ${taught.maxLength}`;
      throw userError({ where: askedWhere, what: `it has ${length} tokens with its answer`, expected });
    }
    return {
      tokens: length,
      answer: async (signal) => {
        const how = { top: Math.max(1, top), tokens, batchSize: together, signal };
        const [words = []] = await taught.words([{ text, where: askedWhere }], how);
        if ("skipped" in words) throw userError({ where: askedWhere, what: `it cannot be asked: ${words.skipped}` });
        return { ...words[0], words };
      },
    };
  };
  return { task: "recall", backbone: taught.model.backbone, notes: taught.model.notes, prepare, close };
}
