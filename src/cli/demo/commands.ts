import { shellWord } from "../../submit/shell.js";
import { Output } from "../output.js";
import { type CommandContext, Interrupted } from "../run.js";

const interruptedHint = "start the demo anew with --overwrite";

/** Runs commands of the command line as a user would, and takes their `--json` results. */
export class Commands {
  constructor(private readonly context: CommandContext) {}

  heading(text: string): void {
    this.context.output.note(`\n${text}`);
  }

  async run(args: readonly string[]): Promise<unknown> {
    const { signal, stderr, makeProgram } = this.context;
    this.context.output.note(`$ kadapter ${args.map(shellWord).join(" ")}`);
    let stdout = "";
    const output = new Output(true, { write: (text) => (stdout += text) }, stderr);
    const program = await makeProgram(() => ({ ...this.context, output }), args);
    try {
      await program.parseAsync(["node", "kadapter", ...args, "--json"]);
    } catch (error) {
      throw error instanceof Interrupted ? new Interrupted(interruptedHint) : error;
    }
    if (signal.aborted) throw new Interrupted(interruptedHint);
    output.finish();
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "null");
  }
}
