/** Adapters that are trained apart, in processes of their own, do not depend on each other. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adapterBits, json, kadapterProcess, makeWorld, type World } from "./support.js";

const trees = fileURLToPath(new URL("../examples/data/trees.conllu", import.meta.url));

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

/** Two kinds of knowledge, by the name of the folder that the adapter goes to. */
const taskSets: Readonly<Record<string, (out: string) => (string | number)[]>> = {
  facts: (out) => world.training(out, "--max-steps", 12, "--dropout", 0.2, "--threads", 2),
  trees: (out) => [
    ...["pretrain", "linguistic", "--backbone", world.backbone, "--train", trees, "--dev", trees, "--out", out],
    ...["--layers", "1,3", "--adapter-size", 8, "--adapter-heads", 1, "--arc-size", 8, "--dropout", 0.2],
    ...["--epochs", 3, "--batch-size", 2, "--threads", 2],
  ],
};

async function train(taskData: string, where: string): Promise<void> {
  await json(taskSets[taskData]!(world.at(where, taskData)), kadapterProcess);
}

test("in either order, or at the same time, they give identical files", async () => {
  for (const taskData of ["facts", "trees"]) await train(taskData, "first");
  for (const taskData of ["trees", "facts"]) await train(taskData, "second");
  await Promise.all(["facts", "trees"].map((taskData) => train(taskData, "together")));
  for (const taskData of ["facts", "trees"]) {
    const bits = await adapterBits(world.at("first", taskData));
    expect(await adapterBits(world.at("second", taskData))).toEqual(bits);
    expect(await adapterBits(world.at("together", taskData))).toEqual(bits);
  }
});
