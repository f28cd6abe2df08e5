import { type Command, CommanderError } from "commander";
import { codeOf, UserError, userError } from "../errors.js";
import { fileError } from "../files/atomic.js";
import { printable } from "../phrases.js";
import type { Ranks } from "../ranks/index.js";
import type { GivenSettings } from "../settings/given.js";
import type { Table } from "../settings/setting.js";
import { flagName } from "./flags.js";
import { Output, type Sink } from "./output.js";

/** What a command is given to run with. */
export interface CommandContext {
  readonly output: Output;
  /** Aborted by Ctrl-C, SIGTERM, or a reader that went away; a training ends its step, saves and returns. */
  readonly signal: AbortSignal;
  /** The stream for progress: a bar if it is a terminal. */
  readonly stderr: Terminal;
  /** The processes that train together, where there are others than this one. */
  readonly ranks?: Ranks;
  /** Called when all is said and the exit code is known. */
  atEnd(act: (exitCode: number) => Promise<void>): void;
  /** Makes the whole command line, for a command that runs others. */
  readonly makeProgram: MakeProgram;
}

/** Stderr, as far as progress needs to know it. */
export type Terminal = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** Thrown by a command that stopped because its signal was aborted. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  /** @param hint How to go on: `continue with the same command and --resume`. */
  constructor(
    readonly hint: string,
    /** Whether all ranks have stopped at the same place. */
    readonly everywhere = true,
  ) {
    super(`interrupted: ${hint}`);
  }
}

/** Thrown where another process says why all of them end; `cause` is what it says. */
export class SaidElsewhere extends Error {
  override readonly name = "SaidElsewhere";
}

/** Thrown by a command whose checks failed, when all is said about them: the result is printed, the exit code is 1. */
export class ChecksFailed extends Error {
  override readonly name = "ChecksFailed";
}

/** The parts of `process` that the runner uses; tests put in their own. */
export interface ProcessLike {
  readonly pid: number;
  exitCode?: number | string | null | undefined;
  readonly stdout: Sink & Listening;
  readonly stderr: Terminal;
  on(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  off(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  kill(pid: number, signal: "SIGINT" | "SIGTERM"): unknown;
}

/** The environment's variable of processes that another one of this project's began and watches, such as a sweep's runs. */
export const childVariable = "KADAPTER_CHILD";

interface Listening {
  on(event: "error", listener: (error: Error) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
}

/** Exit codes: 0 done, 1 a defect of this project or failed checks, 2 a mistake of the user's, 130 stopped by the user. */
const exit = { defect: 1, usage: 2, interrupted: 130 } as const;

/** Makes a command's {@link CommandContext}; `json` is whether `--json` was given. */
export type ContextFactory = (json: boolean) => CommandContext;

/** A command as the program sees it. */
export interface CommandEntry {
  /** Its words: `pretrain factual`. */
  readonly name: string;
  readonly description: string;
  /** Whether a recipe may hold its settings. */
  readonly recipe: boolean;
  /** Everything that may be given as flags. */
  flags(): Promise<Table>;
  /** What a recipe may hold. */
  table(): Promise<Table>;
  /** Checks what was given, earlier sources before later ones, and runs. */
  run(given: readonly GivenSettings[], context: CommandContext): Promise<void>;
}

/**
 * Makes the command line; `words` are what the user typed after `kadapter`. `adapted` makes other commands of the
 * entries, for a command that does something else with a command line than to run it.
 */
export type MakeProgram = (
  context: ContextFactory,
  words: readonly string[],
  adapted?: (entries: readonly CommandEntry[]) => readonly CommandEntry[],
) => Promise<Command>;

/**
 * Runs the command line to its end and sets the exit code. It never calls `process.exit()`, which would abort the
 * process while ONNX Runtime computes: it lets things end.
 */
export async function runCli(makeProgram: MakeProgram, argv: readonly string[], process: ProcessLike): Promise<void> {
  const interruption = listenForInterruption(process);
  let output: Output | undefined;
  const ends: ((exitCode: number) => Promise<void>)[] = [];
  const context: ContextFactory = (json) => {
    output = new Output(json, process.stdout, process.stderr);
    const atEnd = (act: (exitCode: number) => Promise<void>) => void ends.push(act);
    return { output, signal: interruption.signal, stderr: process.stderr, atEnd, makeProgram };
  };
  try {
    const program = await makeProgram(context, argv.slice(2));
    tameCommander(program, (text) => process.stdout.write(text));
    await program.parseAsync(argv);
    output?.finish();
  } catch (error) {
    // A training that was stopped still says in JSON how far it came, and failed checks are a result too.
    if (error instanceof Interrupted || error instanceof ChecksFailed) output?.finish();
    report(error, process, interruption);
  } finally {
    for (const end of ends) await end(Number(process.exitCode ?? 0));
    interruption.stop();
  }
}

/** Commander throws instead of exiting, and leaves the printing of errors to {@link report}. */
export function tameCommander(command: Command, writeOut: (text: string) => void): void {
  const nothing = () => undefined;
  command.exitOverride().configureOutput({ writeOut, writeErr: nothing, outputError: nothing });
  for (const child of command.commands) tameCommander(child, writeOut);
}

function report(thrown: unknown, process: ProcessLike, interruption: Interruption): void {
  const error = asFileError(thrown);
  const fail = (line: string, code: number) => {
    process.stderr.write(`${printable(line)}\n`);
    process.exitCode = code;
  };
  if (error instanceof SaidElsewhere) {
    process.exitCode = error.cause instanceof Interrupted ? exit.interrupted : exit.usage;
  } else if (error instanceof CommanderError) {
    if (error.exitCode === 0) return;
    fail(usageLine(error.code === "commander.help" ? "a command is missing" : error.message), exit.usage);
  } else if (error instanceof Interrupted || (interruption.signal.aborted && isAbort(error))) {
    if (interruption.readerGone) return;
    fail(error instanceof Interrupted ? error.message : "interrupted", exit.interrupted);
  } else if (error instanceof ChecksFailed) {
    process.exitCode = exit.defect;
  } else if (error instanceof UserError) {
    fail(`error: ${error.lineFor(flagName)}`, exit.usage);
  } else {
    fail(`internal error, please report it: ${stackOf(error)}`, exit.defect);
  }
}

/** A failure of the file system, wherever it comes from, is the machine's: told in one line, as far as Node tells it. */
function asFileError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof UserError) return error;
  const { syscall, path = "a file" } = error as NodeJS.ErrnoException;
  return syscall === undefined ? error : fileError(path, syscall, error);
}

/** Commander's message in one line, ending with where to look further. */
function usageLine(message: string): string {
  const { line } = userError({
    what: message
      .replace(/^error: /, "")
      .trim()
      .replace(/\.$/, ""),
  });
  return `error: ${line}; --help shows what there is`;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

/** Whether an error says no more than that the signal was aborted. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

interface Interruption {
  readonly signal: AbortSignal;
  /** Stdout's reader went away (`| head`): nobody is left to tell. */
  readonly readerGone: boolean;
  stop(): void;
}

/** The first signal asks the command to stop, the second one kills. */
function listenForInterruption(process: ProcessLike): Interruption {
  const controller = new AbortController();
  let readerGone = false;
  const listener = (name: "SIGINT" | "SIGTERM") => () => {
    if (controller.signal.aborted) {
      // The default action of a signal ends the process at once, with none of the exit handlers that trip ONNX
      // Runtime; the cursor that a progress bar hid is shown again first.
      if (process.stderr.isTTY === true) process.stderr.write("\u001b[?25h\n");
      stop();
      process.kill(process.pid, name);
      return;
    }
    process.stderr.write("\nstopping after this step; once more to stop at once\n");
    controller.abort();
  };
  const listeners = { SIGINT: listener("SIGINT"), SIGTERM: listener("SIGTERM") };
  const onStdoutError = (error: Error) => {
    if (!isBrokenPipe(error)) throw error;
    readerGone = true;
    controller.abort();
  };
  // Whoever closes stderr (`2>&1 | head`) loses the progress, not the training.
  const onStderrError = (error: Error) => {
    if (!isBrokenPipe(error)) throw error;
  };
  process.on("SIGINT", listeners.SIGINT);
  process.on("SIGTERM", listeners.SIGTERM);
  process.stdout.on("error", onStdoutError);
  process.stderr.on("error", onStderrError);
  // The streams' listeners stay: what is still buffered may fail after the command's end.
  function stop(): void {
    process.off("SIGINT", listeners.SIGINT);
    process.off("SIGTERM", listeners.SIGTERM);
  }
  return {
    signal: controller.signal,
    get readerGone() {
      return readerGone;
    },
    stop,
  };
}

const isBrokenPipe = (error: Error): boolean => codeOf(error) === "EPIPE";
