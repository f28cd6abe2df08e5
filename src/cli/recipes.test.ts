import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type GivenSettings, resolveGiven } from "../settings/given.js";
import { readRecipe } from "../settings/recipe.js";
import { trainingTables } from "../settings/trainings.js";

const folder = new URL("../../recipes/", import.meta.url);
const recipes = readdirSync(folder).map((file) => file.replace(/\.yaml$/, ""));

/** The one recipe that is not named after its command. */
const ownModel = "own-model";

/** What no recipe holds. */
const required: GivenSettings = new Map(
  ["backbone", "train", "dev", "out"].map((key) => [key, { value: key, where: `--${key}` }]),
);

/** The settings of the command that a recipe is for, by the start of its name: `relations-tacred-official` is `finetune relations`'s. */
function tableOf(recipe: string) {
  if (recipe === ownModel) return trainingTables.get("pretrain lm")!;
  const found = [...trainingTables].filter(([words]) => recipe.startsWith(`${words.split(" ").at(-1)}-`));
  if (found.length !== 1) throw new Error(`${recipe} is for ${found.length} commands`);
  return found[0]![1];
}

async function resolved(recipe: string): Promise<Readonly<Record<string, unknown>>> {
  const table = tableOf(recipe);
  return resolveGiven(table, await readRecipe(new URL(`${recipe}.yaml`, folder).pathname, table), required);
}

/** Every row of the published tables: examples in a step, rate, warm-up, longest text. */
const published: readonly (readonly [string, number, number, number | string, number])[] = [
  ["factual-paper", 128, 2e-5, 0, 64],
  ["factual-official", 4 * 64, 5e-5, 1200, 64],
  ["linguistic-paper", 256, 1e-5, 0, 128],
  ["linguistic-official", 4 * 32, 2e-5, 500, 64],
  ["entity-typing-openentity-paper-facts", 4, 5e-6, 500, 256],
  ["entity-typing-openentity-paper-trees", 4, 5e-6, 1000, 256],
  ["entity-typing-openentity-paper-both", 4, 5e-6, 1000, 256],
  ["entity-typing-openentity-official", 4, 1e-4, 120, 256],
  ["entity-typing-figer-paper-facts", 2048, 5e-6, 500, 256],
  ["entity-typing-figer-paper-trees", 2048, 5e-6, 200, 256],
  ["entity-typing-figer-paper-both", 2048, 5e-6, 1000, 256],
  ["entity-typing-figer-official", 4, 3e-5, 120, 256],
  ["relations-tacred-paper-facts", 32, 1e-5, 500, 184],
  ["relations-tacred-paper-trees", 32, 1e-5, 200, 184],
  ["relations-tacred-paper-both", 32, 5e-6, 1000, 184],
  ["relations-tacred-official", 4 * 8, 5e-6, 1000, 184],
  ["multiple-choice-cosmosqa-paper", 64, 1e-5, 0, 256],
  ["multiple-choice-cosmosqa-official", 16 * 8, 1e-5, 0, 256],
  ["open-qa-searchqa-paper", 8, 5e-6, 0, 128],
  ["open-qa-quasart-paper", 16, 1e-5, 0, 256],
];

describe("recipes", () => {
  it.each(recipes)("%s is accepted by its command, and says what it is", async (recipe) => {
    expect(readFileSync(new URL(`${recipe}.yaml`, folder), "utf8")).toMatch(/^# /);
    expect((await resolved(recipe))["epochs"]).toBeGreaterThan(0);
  });

  it.each(published)("%s has what was published", async (recipe, examples, rate, warmup, maxLength) => {
    const options = await resolved(recipe);
    expect(Number(options["batchSize"]) * Number(options["gradientAccumulation"])).toBe(examples);
    const rates = { learningRate: rate, headLearningRate: rate };
    expect(options).toMatchObject({ ...rates, warmup, maxLength, backbone: "roberta-large", dropout: 0.1 });
    if (!/^(factual|linguistic)/.test(recipe)) {
      expect(options).toMatchObject({ fusion: "concat", trains: "backbone", frozenDropout: true });
    }
  });

  it("trains the project's own model on nothing that may not be given away, and never on its test", async () => {
    const { train, test } = (await resolved(ownModel)) as { train: string[]; test: string[] };
    expect(train.length).toBeGreaterThan(10);
    expect(train.filter((file) => /_nc|_test/.test(file))).toEqual([]);
    expect(test).toEqual([expect.stringContaining("wikitext2_raw_test")]);
  });

  it("has no other row of the paper or the released scripts", () => {
    const rows = recipes.filter((name) => /-(paper|official)(-|$)/.test(name));
    expect(rows.sort()).toEqual(published.map(([name]) => name).sort());
  });

  it.each([
    ["factual-default", "pretrain factual", {}],
    ["linguistic-default", "pretrain linguistic", { epochs: 8 }],
  ])("%s writes the defaults out", async (recipe, command, changed) => {
    const defaults = resolveGiven(trainingTables.get(command)!, required);
    expect(await resolved(recipe)).toEqual({ ...defaults, ...changed });
  });
});
