import { Command } from "commander";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { type FactualSettings, factualSettings } from "../settings/factual.js";
import { type GivenSettings, resolveGiven } from "../settings/given.js";
import { formatRecipe, parseRecipe, readRecipe } from "../settings/recipe.js";
import { group } from "../settings/setting.js";
import { files, text } from "../settings/values.js";
import { flagName } from "./flags.js";
import { addSettings, givenFlags } from "./options.js";

const required = ["--backbone", "b", "--train", "t", "--dev", "d", "--out", "o"];

function flags(...argv: string[]): GivenSettings {
  const command = new Command("x").exitOverride();
  addSettings(command, factualSettings, false);
  command.parse(argv, { from: "user" });
  return givenFlags(command, factualSettings);
}

const resolve = (argv: string[], recipe = ""): FactualSettings =>
  resolveGiven(factualSettings, flags(...required, ...argv), parseRecipe("r.yaml", recipe, factualSettings));

/** What the command line says of the mistake in a call. */
function complaint(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof UserError) return error.lineFor(flagName);
    throw error;
  }
  return "none";
}

describe("resolveGiven", () => {
  it("fills in the defaults and leaves open what follows from the backbone", () => {
    expect(resolve([])).toEqual({
      backbone: "b",
      train: "t",
      dev: "d",
      out: "o",
      minEntityPairs: 0,
      mostBad: 0.1,
      labelSmoothing: 0,
      objective: "own-output",
      temperature: 0.05,
      features: "adapter",
      cacheSize: 20,
      cacheDtype: "float16",
      backbonePrecision: "float32",
      preset: "official",
      transformerLayers: 2,
      headInit: 0.05,
      skip: 0,
      maskPadding: true,
      officialPadding: false,
      freezeAdapter: false,
      epochs: 5,
      batchSize: 32,
      gradientAccumulation: 1,
      learningRate: 3e-4,
      headLearningRate: 1e-3,
      warmup: "10%",
      weightDecay: 0,
      maxGradNorm: 1,
      dropout: 0.1,
      seed: 42,
      evalEvery: 0,
      saveEvery: 500,
      patience: 0,
      device: "auto",
    });
  });

  it("lets flags win over the recipe, and the recipe over the defaults", () => {
    const options = resolve(
      ["--epochs", "7", "--layers", "0,3,6", "--mask-padding"],
      "epochs: 2\nseed: 1\nmask-padding: false\n",
    );
    expect(options).toMatchObject({ epochs: 7, seed: 1, layers: [0, 3, 6], maskPadding: true });
    expect(resolve(["--no-mask-padding", "--init", "official"])).toMatchObject({
      maskPadding: false,
      init: "official",
    });
    expect(resolve(["--warmup", "500", "--learning-rate=1e-5"])).toMatchObject({ warmup: 500, learningRate: 1e-5 });
  });

  it.each([
    [["--epochs", "0"], "", "--epochs: 0 is not valid; expected a whole number from 1"],
    [["--epochs", "2.5"], "", "--epochs: 2.5 is not valid"],
    [["--batch-size", "many"], "", '--batch-size: "many" is not valid'],
    [["--learning-rate", "-1"], "", "--learning-rate: -1 is not valid"],
    [["--learning-rate", "Infinity"], "", '--learning-rate: "Infinity" is not valid'],
    [["--warmup", "101%"], "", '--warmup: "101%" is not valid'],
    [["--layers", "3,0"], "", '--layers: "3,0" is not valid; expected ascending'],
    [["--layers", "0,3,"], "", '--layers: "0,3," is not valid'],
    [["--device", "tpu"], "", '--device: "tpu" is not valid; expected auto, cpu, cuda or webgpu'],
    [["--init", "."], "", '--init: "." is not valid'],
    [["--adapter-heads", "5", "--adapter-size", "96"], "", "--adapter-heads: 5 heads do not divide"],
    [[], "seed: 1\nepochs: many\n", 'r.yaml:2: epochs: "many" is not valid'],
    [[], "epochs: '5'\n", 'r.yaml:1: epochs: "5" is not valid'],
    [[], "mask-padding: yes\n", 'r.yaml:1: mask-padding: "yes" is not valid; expected true or false'],
    [[], "\n\nlearning-rate: .inf\n", "r.yaml:3: learning-rate:"],
    [[], "adapter-heads: 5\nadapter-size: 96\n", "r.yaml:1: adapter-heads: 5 heads do not divide"],
  ])("refuses %j with recipe %j", (argv, recipe, message) => {
    expect(complaint(() => resolve(argv as string[], recipe as string))).toContain(message as string);
  });

  it("names a required option that nothing gives", () => {
    expect(complaint(() => resolveGiven(factualSettings, flags("--train", "t")))).toContain(
      "--backbone is missing; expected a model folder",
    );
  });

  it("resolves to plain JSON, and to a recipe that resolves to the same", () => {
    const some = fc.record(
      {
        epochs: fc.integer({ min: 1, max: 100 }),
        "learning-rate": fc.double({ min: 1e-9, max: 1, noNaN: true }),
        warmup: fc.oneof(
          fc.nat(5000),
          fc.integer({ min: 0, max: 100 }).map((n) => `${n}%`),
        ),
        layers: fc.uniqueArray(fc.nat(48), { minLength: 1 }).map((list) => list.sort((a, b) => a - b)),
        init: fc.oneof(fc.constant("official"), fc.double({ min: 1e-6, max: 1, noNaN: true })),
        "mask-padding": fc.boolean(),
        train: fc.string({ minLength: 1, unit: fc.constantFrom(..."ab /:#'\"é{}[]&*!|>%@`-\\".split("")) }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(some, (values) => {
        const source = formatRecipe({ backbone: "b", train: "t", dev: "d", out: "o", ...values });
        const options = resolveGiven(factualSettings, parseRecipe("r", source, factualSettings));
        expect(JSON.parse(JSON.stringify(options))).toEqual(options);
        const again = resolveGiven(factualSettings, parseRecipe("r", formatRecipe(options), factualSettings));
        expect(again).toEqual(options);
      }),
    );
  });
});

describe("settings that are given by their place", () => {
  const table = group("G", {
    to: { type: "text", schema: text, expects: "a folder", help: "where to", positional: true },
    from: { ...files("files", "what"), positional: true },
    ...factualSettings,
  });

  it("take one value, or all that follow where they are files", () => {
    const command = new Command("x").exitOverride();
    addSettings(command, table, false);
    command.parse(["there", "a", "b", "--seed", "1"], { from: "user" });
    const given = givenFlags(command, table);
    expect(["to", "from", "seed"].map((key) => given.get(key)?.value)).toEqual(["there", ["a", "b"], 1]);
    expect(command.usage()).toMatch(/<to> <from\.\.\.>$/);
  });
});

describe("parseRecipe", () => {
  it.each([
    ["epoch: 5\n", 'r.yaml:1: unknown option "epoch"; did you mean "epochs"?'],
    ["a: 1\nbatchSize: 5\n", 'r.yaml:1: unknown option "a"; expected one of backbone, train'],
    ["seed: 1\nbatchSize: 5\n", 'r.yaml:2: unknown option "batchSize"; did you mean "batch-size"?'],
    ["__proto__: 1\n", 'unknown option "__proto__"'],
    ["constructor: 1\n", 'unknown option "constructor"'],
    ["5: 1\n", 'unknown option "5"'],
    ["epochs:\n", "r.yaml:1: epochs has no value"],
    ["epochs: 1\nepochs: 2\n", "r.yaml:2: not a YAML map of options: Map keys must be unique"],
    ["seed: 1\nepochs: !!js/function 'x'\n", "r.yaml:2: "],
    ["epochs: !!int 1\n", "r.yaml:1: a tag (tag:yaml.org,2002:int) is not allowed"],
    ["seed: &a 1\nepochs: *a\n", "r.yaml:1: an anchor (&name) is not allowed"],
    ["- 1\n", "r.yaml: not a YAML map of options; expected lines such as"],
    ["just text", "r.yaml: not a YAML map"],
    ["epochs: 1\n---\nepochs: 2\n", "r.yaml:2: not a YAML map of options"],
    ["epochs: [1,", "r.yaml:1: not a YAML map of options"],
    ["[".repeat(30_000), "r.yaml:1: not a YAML map of options"],
    ["epochs: {a: {b: 1}}\n", 'r.yaml:1: epochs: "(a map)" is not valid'],
  ])("refuses %j", (source, message) => {
    expect(() => resolve([], source)).toThrow(message);
  });

  it("takes an empty recipe for no options", () => {
    expect(parseRecipe("r.yaml", "# nothing\n", factualSettings).size).toBe(0);
  });

  it("answers any text with options or one line", () => {
    const word = fc.constantFrom(
      "epochs",
      "layers",
      ":",
      " ",
      "\n",
      "-",
      "[",
      "]",
      "{",
      "}",
      "&a",
      "*a",
      "!t",
      "'",
      '"',
      "|",
      ">",
      "#",
      "---",
      "?",
      "%",
      "5",
      "\t",
      "<<",
      ",",
      "\r",
      "\u2028",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.array(word).map((words) => words.join("")),
        ),
        (source) => {
          try {
            resolve([], source);
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
            expect((error as Error).message).not.toMatch(/[\r\n]/);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("readRecipe", () => {
  it("names a file that is not there, is a folder, is too large", async () => {
    await expect(readRecipe("/nowhere/r.yaml", factualSettings)).rejects.toThrow(
      "/nowhere/r.yaml: cannot read the file of settings",
    );
    await expect(readRecipe("/", factualSettings)).rejects.toThrow("it is a folder, not a file");
    await expect(readRecipe("/dev/zero", factualSettings)).rejects.toThrow(
      "/dev/zero: the file of settings is too large",
    );
  });
});
