import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { userError } from "../errors.js";
import { resolveGiven } from "../settings/given.js";
import { multitaskSettings } from "../settings/multitask.js";
import { type CommandEntry, command, training } from "./command.js";
import { commands } from "./commands/index.js";
import { jsonLine } from "./output.js";
import { createProgram } from "./program.js";
import { ChecksFailed, type CommandContext, Interrupted, type ProcessLike, runCli } from "./run.js";

class FakeStream extends EventEmitter {
  text = "";
  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

class FakeProcess extends EventEmitter {
  readonly pid = 4711;
  exitCode: number | undefined;
  readonly stdout = new FakeStream();
  readonly stderr = new FakeStream();
  readonly killed: string[] = [];
  kill(_pid: number, signal: string): void {
    this.killed.push(signal);
  }
}

async function run(entries: readonly CommandEntry[], ...argv: string[]): Promise<FakeProcess> {
  const fake = new FakeProcess();
  await runProgram(fake, entries, ...argv);
  return fake;
}

const runProgram = (fake: FakeProcess, entries: readonly CommandEntry[], ...argv: string[]) =>
  // The fake has what the runner touches; Node's stream types ask for far more.
  runCli(
    (context) => createProgram(context, argv, () => entries),
    ["node", "kadapter", ...argv],
    fake as unknown as ProcessLike,
  );

/** A command without settings. */
const doctor = (body: (context: CommandContext) => Promise<void> | void): readonly CommandEntry[] => [
  command({
    name: "doctor",
    description: "a command",
    settings: async () => ({}),
    run: async () => async (_, context) => body(context),
  }),
];

describe("runCli", () => {
  it("lets no text of a file colour the terminal", async () => {
    const fake = await run(
      doctor(({ output }) => {
        output.note("\u001b[31mnote");
        output.say("\u001b[2Janswer");
        throw new Error("\u009b2J");
      }),
      "doctor",
    );
    expect(fake.stdout.text).toBe("\\u001b[2Janswer\n");
    expect(fake.stderr.text).toMatch(/^\\u001b\[31mnote\ninternal error, please report it: Error: \\u009b2J\n/);
  });

  it("prints lines for people, or one JSON line at the end for scripts", async () => {
    const handlers = doctor(({ output }) => {
      output.result({ text: "a\nb\u2028", nan: Number.NaN });
      output.say("hello");
      output.note("on the way");
    });
    const people = await run(handlers, "doctor");
    expect([people.stdout.text, people.stderr.text]).toEqual(["hello\n", "on the way\n"]);
    const script = await run(handlers, "doctor", "--json");
    expect([script.stdout.text, script.stderr.text]).toEqual(['{"text":"a\\nb\\u2028","nan":null}\n', "on the way\n"]);
    expect(script.exitCode).toBeUndefined();
  });

  it("says a user's mistake in one line with code 2, and prints no result", async () => {
    const fake = await run(
      doctor(({ output }) => {
        output.result({ ok: true });
        throw userError({ where: "a.json:3", what: "broken\nline" });
      }),
      "doctor",
      "--json",
    );
    expect([fake.exitCode, fake.stderr.text, fake.stdout.text]).toEqual([2, "error: a.json:3: broken line\n", ""]);
  });

  it("prints the result of failed checks, with code 1", async () => {
    const fake = await run(
      doctor(({ output }) => {
        output.result({ ok: false });
        throw new ChecksFailed("1 check failed");
      }),
      "doctor",
      "--json",
    );
    expect([fake.exitCode, fake.stderr.text, fake.stdout.text]).toEqual([1, "", '{"ok":false}\n']);
  });

  it.each([
    [["doctor", "--wrong"], "error: unknown option '--wrong'; --help shows what there is\n"],
    [["doctr"], "error: unknown command 'doctr' (Did you mean doctor?); --help shows what there is\n"],
    [["doctor", "extra"], "error: too many arguments for 'doctor'. Expected 0 arguments but got 1"],
  ])("answers %j with one line and code 2", async (argv, line) => {
    const fake = await run(
      doctor(() => undefined),
      ...argv,
    );
    expect(fake.exitCode).toBe(2);
    expect(fake.stderr.text).toContain(line);
    expect(fake.stderr.text.trim()).not.toContain("\n");
  });

  it("shows help and version with code 0, and help with code 2 where a command is missing", async () => {
    const help = await run(
      doctor(() => undefined),
      "--help",
    );
    expect([help.exitCode, help.stderr.text]).toEqual([undefined, ""]);
    expect(help.stdout.text).toMatch(/^Usage: kadapter/);
    const version = await run(
      doctor(() => undefined),
      "--version",
    );
    expect(version.stdout.text).toMatch(/^\d+\.\d+\.\d+\n$/);
    const missing = await run(doctor(() => undefined));
    expect([missing.exitCode, missing.stdout.text]).toEqual([2, ""]);
    expect(missing.stderr.text).toBe("error: a command is missing; --help shows what there is\n");
  });

  it("reports a defect with its stack and code 1", async () => {
    const fake = await run(
      doctor(() => {
        throw new TypeError("oops", { cause: new Error("deep") });
      }),
      "doctor",
    );
    expect(fake.exitCode).toBe(1);
    expect(fake.stderr.text).toMatch(
      /^internal error, please report it: TypeError: oops\n +at [\s\S]*caused by Error: deep/,
    );
  });

  it("tells a failure of the disk in one line with code 2, wherever it comes from", async () => {
    const about = { code: "EIO", syscall: "open", path: "out/x" };
    const fake = await run(
      doctor(() => {
        throw Object.assign(new Error("EIO: i/o error, open 'out/x'"), about);
      }),
      "doctor",
    );
    expect(fake.exitCode).toBe(2);
    expect(fake.stderr.text).toMatch(/^error: out\/x: cannot open: the disk reports an error; [^\n]+\n$/);
  });

  it("asks at the first signal and kills at the second", async () => {
    const fake = new FakeProcess();
    let started: () => void = () => undefined;
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const handlers = doctor(async ({ signal, output }) => {
      started();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      output.result({ step: 7 });
      throw new Interrupted("continue with the same command and --resume");
    });
    const done = runProgram(fake, handlers, "doctor", "--json");
    await running;
    fake.emit("SIGINT");
    expect(fake.killed).toEqual([]);
    fake.emit("SIGTERM");
    expect(fake.killed).toEqual(["SIGTERM"]);
    await done;
    expect(fake.exitCode).toBe(130);
    expect(fake.stdout.text).toBe('{"step":7}\n');
    expect(fake.stderr.text).toContain("interrupted: continue with the same command and --resume\n");
    expect(fake.listenerCount("SIGINT") + fake.listenerCount("SIGTERM")).toBe(0);
  });

  it("ends quietly when stdout's reader goes away, and goes on without stderr's", async () => {
    const fake = new FakeProcess();
    const handlers = doctor(async ({ signal }) => {
      fake.stderr.emit("error", Object.assign(new Error("gone"), { code: "EPIPE" }));
      expect(signal.aborted).toBe(false);
      fake.stdout.emit("error", Object.assign(new Error("gone"), { code: "EPIPE" }));
      signal.throwIfAborted();
    });
    await runProgram(fake, handlers, "doctor");
    expect([fake.exitCode, fake.stderr.text]).toEqual([undefined, ""]);
  });
});

describe("createProgram", () => {
  /** What `argv` makes a command run with, or what is said of it. */
  async function parsed(...argv: string[]): Promise<unknown> {
    const seen: unknown[] = [];
    // The entries' own tables, with something in place of what they run.
    const watched = commands.map(
      (entry): CommandEntry => ({
        ...entry,
        run: async (given) => {
          seen.push(resolveGiven(await entry.flags(), ...given));
        },
      }),
    );
    const fake = await run(watched, ...argv);
    return seen[0] ?? `${fake.exitCode} ${fake.stderr.text}${fake.stdout.text}`;
  }

  it("loads the options of the command that is named, and of no other", async () => {
    let loaded = "";
    const watched = commands.map(
      (entry): CommandEntry => ({
        ...entry,
        flags: () => {
          loaded += `${entry.name};`;
          return entry.flags();
        },
      }),
    );
    for (const argv of [["--help"], ["--version"], ["pretrain", "--help"], ["nothing"]]) await run(watched, ...argv);
    expect(loaded).toBe("");
    for (const argv of [
      ["fill", "--help"],
      ["help", "doctor"],
      ["probe", "lama", "--help"],
    ])
      await run(watched, ...argv);
    expect(loaded).toBe("fill;doctor;probe lama;");
  });

  it("shows the basic options, and all under their headings with --all", async () => {
    const help = async (...more: string[]) =>
      (await run(commands, "pretrain", "factual", "--help", ...more)).stdout.text;
    const [basic, all] = [await help(), await help("--all")];
    expect(basic.split("\n").length).toBeLessThan(50);
    expect(basic).toContain("--train <file>");
    expect(basic).not.toContain("--adapter-ffn");
    const shown = (text: string) => text.split("\n").filter((line) => /^ {2}(-\w, )?--/.test(line)).length;
    expect(basic).toContain(`\`--help --all\` shows ${shown(all) - shown(basic)} more options`);
    expect(all).toMatch(/\nAdapter:\n[\s\S]*--adapter-ffn <n>[\s\S]*\nTraining:\n[\s\S]*--patience <n>/);
    expect(all).toMatch(/--no-mask-padding[\s\S]*--max-length and let/);
    expect(all).not.toContain("--mask-padding ");
  });

  it("hands checked settings to a training", async () => {
    const all = ["pretrain", "factual", "--backbone", "b", "--train", "t", "--dev", "d", "--out", "o"];
    expect(await parsed(...all, "--layers", "0,3,6", "--resume", "--json")).toMatchObject({
      layers: [0, 3, 6],
      epochs: 5,
      resume: true,
      overwrite: false,
    });
    expect(await parsed(...all, "--resume", "--overwrite")).toBe(
      "2 error: --overwrite: --resume is given, too; expected one of them\n",
    );
    expect(await parsed("pretrain")).toMatch(/^2 error: a command is missing/);
  });

  it("splits a training's settings from how its run begins", async () => {
    const seen: unknown[] = [];
    const one = training({
      name: "learn",
      description: "learns",
      settings: async () => multitaskSettings,
      run: async () => async (request) => {
        seen.push(request);
      },
    });
    await run(
      [one],
      "learn",
      "--backbone",
      "b",
      "--learn",
      "factual=a,b",
      "--out",
      "o",
      "--overwrite",
      "--epochs",
      "3",
    );
    expect(seen).toMatchObject([{ options: { epochs: 3, out: "o" }, resume: false, overwrite: true }]);
    expect(seen[0]).not.toHaveProperty("options.overwrite");
  });

  it.each<[readonly string[], object]>([
    [
      ["eval", "--adapter", "a", "--backbone", "b", "--data", "f", "--json"],
      { adapter: "a", data: ["f"], tree: false },
    ],
    [["predict", "--adapter", "a", "--text", "Oslo is", "--subject", "Oslo"], { subject: "Oslo", top: 1, tree: true }],
    [["predict", "--adapter", "a", "--data", "f", "--no-tree"], { data: ["f"], tree: false }],
    [["predict", "--adapter", "a", "--data", "f", "--tree"], { tree: true }],
    [["import", "m.bin", "--out", "o"], { file: "m.bin", layers: [0, 11, 22], adapterHeads: 12, maskPadding: false }],
    [["inspect", "p"], { path: "p" }],
    [["verify", "a"], { dir: "a" }],
    [["verify", "--adapter", "a"], { adapter: "a" }],
    [["probe", "filter", "--data", "d", "--in", "i", "--out", "o"], { in: "i" }],
    [["demo"], { out: "runs/demo" }],
  ])("parses %j", async (argv, settings) => {
    expect(await parsed(...argv)).toMatchObject(settings);
  });

  it.each<[readonly string[], string]>([
    [["import", "--out", "o"], "error: missing required argument 'file'"],
    [["predict", "--adapter", "a"], "error: there is nothing to predict; expected --data, or --text"],
    [["predict", "--adapter", "a", "--data", "f", "--text", "x"], "error: --text: --data is given, too"],
    [["predict", "--adapter", "a", "--text", "x", "--subject", "y"], 'error: --subject: "y" is not in'],
    [["eval", "--data", "f"], "error: no adapter is given; expected one, as argument or as --adapter"],
    [["verify"], "error: no adapter is given; expected one, as argument or as --adapter"],
    [["verify", "a", "--adapter", "b"], "error: --adapter: 2 adapters are given"],
  ])("refuses %j", async (argv, line) => {
    expect(await parsed(...argv)).toContain(`2 ${line}`);
  });
});

describe("jsonLine", () => {
  it("is one line for every reader", () => {
    expect(jsonLine({ a: "\u0085\u2028\u2029\n\r" })).toBe('{"a":"\\u0085\\u2028\\u2029\\n\\r"}');
  });
});
