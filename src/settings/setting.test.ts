import { describe, expect, it } from "vitest";
import { z } from "zod";
import { setting, UserError, userError } from "../errors.js";
import { factualSettings } from "./factual.js";
import { relationsSettings } from "./finetune.js";
import { lamaSettings } from "./probe.js";
import { defaultOf, group, helpText, resolveSettings, type Table } from "./setting.js";
import { trainingTables } from "./trainings.js";

const required = { backbone: "b", train: "t", out: "o" };

describe("resolveSettings", () => {
  it("fills in the defaults of what is left out", () => {
    expect(resolveSettings(factualSettings, required)).toMatchObject({ epochs: 5, learningRate: 3e-4, warmup: "10%" });
  });

  it.each<[object, string]>([
    [{ train: "t", out: "o" }, "backbone is missing; expected a model folder"],
    [{ ...required, epochs: 0 }, "epochs: 0 is not valid; expected a whole number from 1"],
    [{ ...required, maxLenght: 3 }, 'unknown setting "maxLenght"; did you mean "maxLength"?'],
    [{ ...required, adapterHeads: 5, adapterSize: 96 }, "adapterHeads: 5 heads do not divide the adapter size 96"],
    [{ ...required, layers: [4, 0] }, "layers: 4, 0 are not valid; expected ascending numbers"],
    [{ ...required, layers: [0, 4.5] }, "layers: 4.5 is not valid"],
  ])("says what is wrong with %j by the setting's name", (given, message) => {
    expect(() => resolveSettings(factualSettings, { ...given })).toThrow(message);
  });

  it.each<[Table, object, string]>([
    [
      relationsSettings,
      { ...required, adapter: ["fac=runs/facts", "trees"] },
      'adapter: "trees" is not valid; expected NAME=DIR',
    ],
    [
      lamaSettings,
      { data: "d", adapter: ["runs/a", "runs/b"] },
      'adapter: "runs/a" is not valid; expected adapters as NAME=DIR',
    ],
    [lamaSettings, { data: "d", heads: [] }, "heads: an empty list is not valid"],
  ])("names the item of a list that is wrong", (table, given, message) => {
    expect(() => resolveSettings(table, { ...given })).toThrow(message);
  });

  it("takes for a value what it resolves to", () => {
    const settings = resolveSettings(relationsSettings, { ...required, adapter: "fac=runs/facts" });
    expect(resolveSettings(relationsSettings, settings)).toEqual(settings);
    const bare = resolveSettings(relationsSettings, required);
    expect(resolveSettings(relationsSettings, bare)).toEqual(bare);
  });

  it("shows settings and values of them as a caller writes them", () => {
    expect(() => resolveSettings(lamaSettings, { data: "d", multiToken: true })).toThrow(
      'multiToken: the vocabulary has single tokens; expected answers: "objects"',
    );
  });
});

describe("helpText", () => {
  const table: Table = group("G", {
    n: { type: "number", schema: z.number().default(3), expects: "", help: "what n is" },
    list: { type: "text", schema: z.array(z.string()).default([]), expects: "", help: "a list", otherwise: "none" },
    on: { type: "switch", schema: z.boolean().default(true), expects: "", help: "a switch" },
  });

  it("takes the default from the schema, so that it cannot be told wrongly", () => {
    expect(Object.values(table).map(helpText)).toEqual([
      "what n is (default: 3)",
      "a list (default: none)",
      "a switch",
    ]);
  });

  it("stands in no table with a default typed by hand", () => {
    const typed = [...trainingTables.values()].flatMap((one) =>
      Object.entries(one).filter(([, { help }]) => /\(default/.test(help)),
    );
    expect(typed).toEqual([]);
  });

  it("says of every optional setting without a default what is done instead, or that nothing is", () => {
    const silent = Object.entries(factualSettings).filter(
      ([, one]) => defaultOf(one) === undefined && !("otherwise" in one) && one.schema.safeParse(undefined).success,
    );
    expect(silent.map(([key]) => key)).toEqual(["maxSteps", "batchTokens"]);
  });
});

describe("UserError", () => {
  it("names settings as whoever reads it knows them", () => {
    const error = userError({
      where: setting("init", "backbone"),
      what: "no",
      fix: `leave out ${setting("maxLength")}`,
    });
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toBe('init: "backbone": no; leave out maxLength');
    expect(error.lineFor((key, value) => `<${key}${value === undefined ? "" : `=${value}`}>`)).toBe(
      "<init=backbone>: no; leave out <maxLength>",
    );
    expect(new UserError(error.line).message).toBe(error.message);
  });
});
