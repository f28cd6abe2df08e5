import type { TrainEvent } from "../engine/events.js";
import { requireOpen } from "../engine/scopes.js";
import { nameSettings, settingName, userError } from "../errors.js";
import type { BackboneHandle } from "../features/backbone-handle.js";
import { resolveSettings } from "../settings/setting.js";
import { beginSettings } from "../settings/shared.js";
import type { Engine } from "./engine.js";
import type { Knowledge, TrainResult } from "./knowledge.js";

/**
 * What a training says: its steps and evaluations, and at the end what came of it.
 *
 * @typeParam Scores what its kind of knowledge is measured by
 */
export type TrainingEvent<Scores = unknown> =
  | TrainEvent
  | ({
      /** The last event: what came of it. */
      readonly kind: "result";
    } & TrainResult<Scores>);

/** What every training takes beside its settings. */
export interface TrainControl {
  /** Go on from the last checkpoint in the folder, or begin where there is none. */
  readonly resume?: boolean;
  /** Replace what the folder holds. */
  readonly overwrite?: boolean;
  /** Stops after the step under way and leaves a checkpoint; the last event then says `interrupted`. */
  readonly signal?: AbortSignal;
}

/**
 * Trains: an adapter on a kind of knowledge, or a downstream model. The model itself is not changed by an adapter's
 * training, to the bit. The events come as they happen, and the training waits for whoever reads them; to leave the
 * loop early is to stop it, as `signal` does.
 *
 * @param settings those of `kadapter pretrain` or `kadapter finetune` in camel case, with the same defaults;
 * `out` is the folder that is written
 * @throws UserError where a setting, a file or an example is wrong, or the engine is closed; nothing is half-written then
 * @example
 * for await (const event of train(engine, base, facts({ train: "facts.jsonl" }), { out: "runs/mine" })) {
 *   if (event.kind === "eval") console.log(event.metrics);
 * }
 */
export async function* train<Options, Scores>(
  engine: Engine,
  backbone: BackboneHandle,
  knowledge: Knowledge<Options, Scores>,
  settings: Options & TrainControl,
): AsyncGenerator<TrainingEvent<Scores>, void, void> {
  requireOpen(engine);
  requireArguments(backbone, knowledge);
  const { resume, overwrite, signal, adapters, ...own } = (settings ?? {}) as TrainControl & Record<string, unknown>;
  signal?.throwIfAborted();
  const begin = resolveSettings(beginSettings, definedOf({ resume, overwrite }));
  const resolved = resolveSettings(knowledge.table, {
    ...definedOf({ ...knowledge.given, ...own, ...adapterList(adapters) }),
    backbone: backbone.name,
  });
  const left = new AbortController();
  const events = new Mailbox<TrainingEvent<Scores>>();
  const running = knowledge
    .learn(
      {
        executor: engine,
        backbone,
        begin,
        onEvent: (event) => events.put(event),
        note: (text) => events.add({ kind: "note", text: nameSettings(text, settingName) }),
        signal: signal ? AbortSignal.any([signal, left.signal]) : left.signal,
      },
      // The table's own settings: what `learn` takes.
      resolved as never,
    )
    .then((result) => events.add({ kind: "result", ...result }))
    .finally(() => events.end());
  // The error is seen below; without this, one that comes while nobody waits would end the process.
  running.catch(() => undefined);
  try {
    yield* events;
    await running;
  } finally {
    left.abort();
    events.close();
    await running.catch(() => undefined);
  }
}

/** What types ask for, for those who write without. */
function requireArguments(backbone: unknown, knowledge: unknown): void {
  const is = (value: unknown, key: string) => typeof value === "object" && value !== null && key in value;
  const wrong = !is(backbone, "tokenizer") ? "backbone" : !is(knowledge, "learn") ? "knowledge" : null;
  if (wrong === null) return;
  throw userError({
    where: `train: ${wrong}`,
    what: `it is ${(backbone as unknown) instanceof Promise ? "a promise" : "something else"}`,
    expected:
      wrong === "backbone" ? "what `await openBackbone(…)` gives" : "what `facts(…)`, `recall(…)` and the like give",
  });
}

const definedOf = (values: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

/** Adapters by name, as the settings' table has them: `NAME=DIR`. */
function adapterList(adapters: unknown): { readonly adapter?: readonly string[] } {
  if (adapters === undefined || adapters === null || typeof adapters !== "object") return {};
  return { adapter: Object.entries(adapters).map(([name, folder]) => `${name}=${folder}`) };
}

/** A queue from one side to a reader who iterates; `put` can wait until the value was taken. */
class Mailbox<T> implements AsyncIterable<T> {
  private readonly items: { readonly item: T; readonly taken: () => void }[] = [];
  private wake: () => void = () => undefined;
  private ended = false;
  private closed = false;

  /** Waits until it was taken. */
  put(item: T): Promise<void> {
    if (this.closed) return Promise.resolve();
    return new Promise((taken) => {
      this.items.push({ item, taken });
      this.wake();
    });
  }

  add(item: T): void {
    void this.put(item);
  }

  /** Nothing more will come. */
  end(): void {
    this.ended = true;
    this.wake();
  }

  /** Nobody takes anything more. */
  close(): void {
    this.closed = true;
    for (const { taken } of this.items.splice(0)) taken();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      const next = this.items.shift();
      if (next) {
        try {
          yield next.item;
        } finally {
          // Where the reader leaves, the side that waits for it goes on as well, and sees that it was stopped.
          next.taken();
        }
        continue;
      }
      if (this.ended) return;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}
