import { EventEmitter } from "node:events";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { userError } from "../errors.js";
import { jsonLine } from "./output.js";
import { createProgram, type Handlers } from "./program.js";
import {
  ChecksFailed,
  type CommandContext,
  type ContextFactory,
  Interrupted,
  type ProcessLike,
  runCli,
} from "./run.js";

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

async function run(handlers: Partial<Handlers>, ...argv: string[]): Promise<FakeProcess> {
  const fake = new FakeProcess();
  await runProgram(fake, (context) => createProgram(context, handlers), ...argv);
  return fake;
}

const runProgram = (fake: FakeProcess, make: (context: ContextFactory) => Command, ...argv: string[]) =>
  // The fake has what the runner touches; Node's stream types ask for far more.
  runCli(make, ["node", "kadapter", ...argv], fake as unknown as ProcessLike);

const doctor = (body: (context: CommandContext) => Promise<void> | void): Partial<Handlers> => ({
  doctor: async (_, context) => body(context),
});

describe("runCli", () => {
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
    const done = runProgram(fake, (context) => createProgram(context, handlers), "doctor", "--json");
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
    await runProgram(fake, (context) => createProgram(context, handlers), "doctor");
    expect([fake.exitCode, fake.stderr.text]).toEqual([undefined, ""]);
  });
});

describe("createProgram", () => {
  it("offers only the commands that have a handler", () => {
    const names = (handlers: Partial<Handlers>) =>
      createProgram(() => {
        throw new Error("not run");
      }, handlers).commands.map((command) => command.name());
    expect(names({})).toEqual([]);
    expect(names({ doctor: async () => undefined })).toEqual(["doctor"]);
  });

  it("hands checked options to pretrain factual", async () => {
    const seen: unknown[] = [];
    const handlers: Partial<Handlers> = {
      pretrainFactual: async (request) => {
        seen.push(request);
      },
    };
    const all = ["pretrain", "factual", "--backbone", "b", "--train", "t", "--dev", "d", "--out", "o"];
    const fake = await run(handlers, ...all, "--layers", "0,3,6", "--resume", "--json");
    expect(fake.stderr.text).toBe("");
    expect(seen).toMatchObject([{ options: { layers: [0, 3, 6], epochs: 5 }, resume: true, overwrite: false }]);
    const both = await run(handlers, ...all, "--resume", "--overwrite");
    expect([both.exitCode, both.stderr.text]).toEqual([
      2,
      "error: --resume and --overwrite contradict each other; expected one of them\n",
    ]);
    const none = await run(handlers, "pretrain");
    expect([none.exitCode, none.stdout.text]).toEqual([2, ""]);
  });

  it("parses the other commands", async () => {
    const seen: unknown[] = [];
    const note = async (options: unknown) => {
      seen.push(options);
    };
    const handlers: Partial<Handlers> = {
      eval: note,
      predict: note,
      import: note,
      inspect: note,
      verify: note,
      demo: note,
    };
    const good = [
      ["eval", "--adapter", "a", "--backbone", "b", "--data", "f", "--json"],
      ["predict", "--adapter", "a", "--text", "Oslo is in Norway", "--subject", "Oslo", "--object", "Norway"],
      ["predict", "--adapter", "a", "--data", "f"],
      ["import", "m.bin", "--out", "o"],
      ["inspect", "p"],
      ["verify", "a"],
      ["demo"],
    ];
    for (const argv of good) expect((await run(handlers, ...argv)).stderr.text).toBe("");
    expect(seen).toMatchObject([
      { adapter: "a", backbone: "b", data: ["f"], batchSize: 32, device: "auto" },
      { adapter: "a", input: { sentence: { subject: { start: 0, end: 4 }, object: { start: 11, end: 17 } } }, top: 1 },
      { adapter: "a", input: { data: ["f"] } },
      { file: "m.bin", layers: [0, 11, 22], adapterHeads: 12, maskPadding: false },
      { path: "p" },
      { adapter: "a" },
      { out: "runs/demo" },
    ]);
    const bad: [string[], string][] = [
      [["import", "--out", "o"], "error: missing required argument 'file'"],
      [["predict", "--adapter", "a"], "error: nothing to predict; expected --data, or --text"],
      [["predict", "--adapter", "a", "--data", "f", "--text", "x"], "error: --data and --text are both given"],
      [
        ["predict", "--adapter", "a", "--text", "x", "--subject", "y", "--object", "x"],
        'error: --subject: "y" is not in',
      ],
      [["eval", "--data", "f"], "error: --adapter is missing; expected an adapter's folder"],
    ];
    for (const [argv, line] of bad) {
      const fake = await run(handlers, ...argv);
      expect([fake.exitCode, fake.stderr.text.slice(0, line.length)]).toEqual([2, line]);
    }
  });
});

describe("jsonLine", () => {
  it("is one line for every reader", () => {
    expect(jsonLine({ a: "\u0085\u2028\u2029\n\r" })).toBe('{"a":"\\u0085\\u2028\\u2029\\n\\r"}');
  });
});
