/**
 * What surrounds every training of the command line: the engine, the progress bar, the logs.
 * @module
 */
import { join } from "node:path";
import type { TrainEvent } from "../engine/events.js";
import type { Executor } from "../engine/executor.js";
import { type EventSink, MetricsLog } from "../training/metrics-log.js";
import { TensorBoardWriter } from "../training/tensorboard.js";
import { createProgress } from "./progress.js";
import { type CommandContext, Interrupted, isAbort } from "./run.js";
import { type RuntimeSettings, withEngine } from "./runtime.js";

/**
 * Opens the engine for a training, shows and logs its events, and closes everything whatever happens.
 *
 * @throws Interrupted where it was stopped while hidden states were computed, or the finished model was scored
 */
export async function watchTraining<Result>(
  options: RuntimeSettings & { readonly out: string },
  { stderr, ranks }: CommandContext,
  train: (executor: Executor, onEvent: (event: TrainEvent) => Promise<void>) => Promise<Result>,
): Promise<Result> {
  const progress = createProgress(stderr);
  const logs = ranks && ranks.rank > 0 ? null : new RunLogs(options.out);
  let begun = false;
  const onEvent = async (event: TrainEvent) => {
    begun ||= event.kind === "start";
    progress.handle(event);
    await logs?.handle(event);
  };
  try {
    return await withEngine(options, (executor) => train(executor, onEvent));
  } catch (error) {
    if (!isAbort(error)) throw error;
    throw new Interrupted(
      begun
        ? "continue with the same command and --resume"
        : "the hidden states so far are kept: continue with the same command",
      false,
    );
  } finally {
    progress.stop();
    await logs?.close();
  }
}

/** The run's log files; they are opened when it is known at which step the run starts. */
class RunLogs {
  private sinks: EventSink[] = [];

  constructor(private readonly out: string) {}

  async handle(event: TrainEvent): Promise<void> {
    if (event.kind === "start") {
      const resumed = event.step > 0 ? { resumeAt: event.step } : {};
      this.sinks.push(await MetricsLog.open(join(this.out, "metrics.jsonl"), resumed));
      this.sinks.push(await TensorBoardWriter.create(join(this.out, "tensorboard"), resumed));
    }
    for (const sink of this.sinks) await sink.append(event);
  }

  async close(): Promise<void> {
    for (const sink of this.sinks) await sink.close();
    this.sinks = [];
  }
}
