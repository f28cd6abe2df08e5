import { MultiBar, type SingleBar } from "cli-progress";
import type { Metrics, TrainEvent } from "../engine/events.js";
import { counted, printable } from "../phrases.js";
import type { Terminal } from "./run.js";

/** Shows a training's events as they come. */
export interface Progress {
  handle(event: TrainEvent): void;
  /** A line that must not tear the bar. */
  note(line: string): void;
  /** Ends the bar; always call it, or the terminal's cursor stays hidden. */
  stop(): void;
}

/** How things are measured; tests put in their own clock. */
export interface ProgressOptions {
  /** Milliseconds since any moment. */
  readonly now?: () => number;
  /** Seconds between lines where there is no terminal. */
  readonly interval?: number;
}

/** A bar on a terminal, lines at intervals elsewhere. */
export function createProgress(stream: Terminal, options: ProgressOptions = {}): Progress {
  const now = options.now ?? (() => performance.now());
  return stream.isTTY === true ? new BarProgress(stream, now) : new LineProgress(stream, now, options.interval ?? 10);
}

type StepEvent = Extract<TrainEvent, { kind: "step" }>;

/** What both forms show of the steps so far. */
class Meter {
  #loss = 0;
  #lossWeight = 0;
  #recent: { sentences: number; seconds: number }[] = [];
  #startStep = 0;
  #startTime = 0;
  totalSteps = 0;
  stepsPerEpoch = 1;

  constructor(private readonly now: () => number) {}

  start(event: Extract<TrainEvent, { kind: "start" }>): void {
    this.#startStep = event.step;
    this.#startTime = this.now();
    this.totalSteps = event.totalSteps;
    this.stepsPerEpoch = Math.max(1, event.stepsPerEpoch);
  }

  step(event: StepEvent): void {
    // An exponential mean whose weight is corrected, so that the first steps count fully.
    this.#loss = 0.95 * this.#loss + 0.05 * event.loss;
    this.#lossWeight = 0.95 * this.#lossWeight + 0.05;
    this.#recent.push({ sentences: event.sentences, seconds: event.seconds });
    if (this.#recent.length > 50) this.#recent.shift();
  }

  get loss(): string {
    return this.#lossWeight === 0 ? "–" : (this.#loss / this.#lossWeight).toFixed(4);
  }

  get rate(): string {
    const total = this.#recent.reduce(
      (sum, step) => ({ sentences: sum.sentences + step.sentences, seconds: sum.seconds + step.seconds }),
      { sentences: 0, seconds: 0 },
    );
    if (total.seconds <= 0) return "–";
    const rate = total.sentences / total.seconds;
    return rate < 10 ? rate.toFixed(1) : rate.toFixed(0);
  }

  /** From the clock and not from the steps' own seconds, so that evaluations and checkpoints are in it. */
  left(step: number): string {
    const done = step - this.#startStep;
    if (done <= 0) return "–";
    return duration((((this.now() - this.#startTime) / done) * (this.totalSteps - step)) / 1000);
  }
}

/** `75` → `1m15s`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, "0")}s`;
  return `${Math.floor(whole / 3600)}h${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")}m`;
}

/** The line for an event other than a step. */
function line(event: Exclude<TrainEvent, StepEvent>): string {
  switch (event.kind) {
    case "start": {
      const from = event.step > 0 ? `, continued from step ${event.step}` : "";
      return `training ${event.parameters.toLocaleString("en")} parameters on ${counted(event.examples, "sentence")}, ${counted(event.totalSteps, "step")}${from}`;
    }
    case "note":
      return event.text;
    case "prepare": {
      const { done, total, seconds } = event;
      const left = done > 0 ? duration((seconds / done) * (total - done)) : "–";
      const rate = seconds > 0 ? (done / seconds).toFixed(0) : "–";
      return `${event.what}: hidden states of ${done}/${total} sentences, ${rate} sentences/s, ${left} left`;
    }
    case "eval":
      return `step ${event.step}, epoch ${event.epoch}: ${metricsText(event.metrics)}${event.best ? " (best)" : ""}`;
    case "checkpoint":
      return `step ${event.step}: saved ${event.path}`;
    case "done": {
      const how = { completed: "done", "early-stop": "stopped early", interrupted: "interrupted" }[event.reason];
      return `${how} at step ${event.step}; best step ${event.bestStep}`;
    }
  }
}

function metricsText(metrics: Metrics): string {
  return Object.entries(metrics)
    .map(([name, value]) => `${name} ${Number.isInteger(value) ? value : value.toFixed(4)}`)
    .join(", ");
}

class BarProgress implements Progress {
  readonly #bars: MultiBar;
  readonly #meter: Meter;
  #bar: SingleBar | undefined;

  constructor(
    private readonly stream: Terminal,
    now: () => number,
  ) {
    this.#meter = new Meter(now);
    this.#bars = new MultiBar({
      stream,
      format: "{bar} {value}/{total} | epoch {epoch} | loss {loss} | {rate} sentences/s | {left} left",
      barCompleteChar: "█",
      barIncompleteChar: "░",
      barsize: 24,
      hideCursor: true,
      // Signals are the runner's: it stops the training, which stops this.
      gracefulExit: false,
    });
  }

  handle(event: TrainEvent): void {
    if (event.kind === "start") {
      this.#meter.start(event);
      this.note(line(event));
      this.#bar = this.#bars.create(event.totalSteps, event.step, { epoch: "–", loss: "–", rate: "–", left: "–" });
    } else if (event.kind === "step") {
      this.#meter.step(event);
      const { loss, rate } = this.#meter;
      this.#bar?.update(event.step, { epoch: event.epoch, loss, rate, left: this.#meter.left(event.step) });
    } else {
      this.note(line(event));
      if (event.kind === "done") this.stop();
    }
  }

  note(text: string): void {
    if (this.#bar === undefined) this.stream.write(`${printable(text)}\n`);
    else this.#bars.log(`${printable(text)}\n`);
  }

  stop(): void {
    if (this.#bar === undefined) return;
    // Only an update prints the lines that wait.
    this.#bars.update();
    this.#bars.stop();
    this.#bar = undefined;
  }
}

class LineProgress implements Progress {
  readonly #meter: Meter;
  #last = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly stream: Terminal,
    private readonly now: () => number,
    private readonly interval: number,
  ) {
    this.#meter = new Meter(now);
  }

  handle(event: TrainEvent): void {
    if (event.kind !== "step") {
      if (event.kind === "start") this.#meter.start(event);
      this.note(line(event));
      return;
    }
    this.#meter.step(event);
    const last = event.step === this.#meter.totalSteps;
    if (!last && this.now() - this.#last < this.interval * 1000) return;
    this.#last = this.now();
    const { loss, rate, totalSteps } = this.#meter;
    const left = this.#meter.left(event.step);
    this.note(
      `step ${event.step}/${totalSteps}, epoch ${event.epoch}, loss ${loss}, ${rate} sentences/s, ${left} left`,
    );
  }

  note(text: string): void {
    this.stream.write(`${printable(text)}\n`);
  }

  stop(): void {}
}
