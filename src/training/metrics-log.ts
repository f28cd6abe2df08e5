import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import type { TrainEvent } from "../engine/events.js";
import { userError } from "../errors.js";
import { fileError, makeFolder, writeFileAtomically } from "../files/atomic.js";
import { fileBytes } from "../files/bounds.js";
import { readTextIfThere } from "../files/text.js";

/** Takes a training's events somewhere: a file, a page. */
export interface EventSink {
  append(event: TrainEvent): Promise<void>;
  close(): Promise<void>;
}

/**
 * A training's events as JSON lines, each with `time` (seconds since 1970). Every line goes out in one write, so a
 * crash tears the last one at most, and the next start removes a torn line. JSON has no NaN: such a loss is written as
 * null.
 */
export class MetricsLog implements EventSink {
  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    private readonly now: () => number,
  ) {}

  /**
   * Starts the file anew, or with `resumeAt` keeps the lines up to that step: later lines belong to steps that will run
   * again.
   */
  static async open(
    path: string,
    { resumeAt, now = Date.now }: { readonly resumeAt?: number; readonly now?: () => number } = {},
  ): Promise<MetricsLog> {
    const kept =
      resumeAt === undefined
        ? ""
        : linesUpTo(
            path,
            (await readTextIfThere(path, { what: "the log", mostBytes: fileBytes.records })) ?? "",
            resumeAt,
          );
    await writeFileAtomically(path, kept);
    try {
      await makeFolder(dirname(path));
      return new MetricsLog(path, await open(path, "a"), now);
    } catch (error) {
      throw fileError(path, "write the metrics", error);
    }
  }

  async append(event: TrainEvent): Promise<void> {
    const line = `${JSON.stringify({ time: this.now() / 1000, ...event })}\n`;
    try {
      await this.file.appendFile(line);
    } catch (error) {
      throw fileError(this.path, "write the metrics", error);
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** The whole lines of steps up to `step`. */
function linesUpTo(path: string, text: string, step: number): string {
  // The last part is empty, or a line that a crash cut.
  const lines = text.split("\n").slice(0, -1);
  const kept = lines.filter((line, index) => stepOf(line, `${path}:${index + 1}`) <= step);
  return kept.map((line) => `${line}\n`).join("");
}

function stepOf(line: string, where: string): number {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && "step" in value && typeof value.step === "number") {
      return value.step;
    }
  } catch {
    // The error below covers this, as any other line that is no event.
  }
  throw userError({ where, what: "not a training event", fix: "repair or remove the line, or train anew" });
}
