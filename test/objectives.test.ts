/** Facts learnt on the adapter's own output: trained, measured, verified, and the same after a stop. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adapterBits, expectComplaint, json, kadapter, kadapterProcess, makeWorld, type World } from "./support.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

describe("pretrain factual --objective", () => {
  test("contrastive: relations are told by prototypes, and nothing but the adapter was learnt", async () => {
    // What is learnt by heart is enough to see that it learns: the sentences are few, and the model has read nothing.
    const how = ["--objective", "contrastive", "--batch-size", 96, "--temperature", 0.1, "--dev", world.train];
    const short = await json(world.training(world.at("short"), ...how, "--max-steps", 1, "--warmup", 0));
    const result = await json(world.training(world.at("contrast"), ...how, "--epochs", 40, "--learning-rate", 0.01));
    expect(result).toMatchObject({ reason: "completed", classes: 16, backboneUnchanged: true });
    expect(result["prototypeAccuracy"]).toBeGreaterThan((short["prototypeAccuracy"] as number) + 0.1);
    const measured = await json(["eval", "--adapter", world.at("contrast"), "--data", world.train]);
    expect(measured).toMatchObject({ prototypeAccuracy: result["prototypeAccuracy"], classes: 16, skipped: 0 });
    expect((await json(["verify", world.at("contrast")]))["ok"]).toBe(true);
    expect(await json(["inspect", world.at("contrast")])).toMatchObject({ features: "output", head: { tensors: 0 } });
    const predicted = await json(["predict", "--adapter", world.at("contrast"), "--data", world.test]);
    const [{ vector }] = predicted["predictions"] as [{ vector: number[] }];
    expect(Math.hypot(...vector)).toBeCloseTo(1, 3);
  });

  test("own-output, the default: one layer on the adapter's output", async () => {
    const result = await json(world.training(world.at("own")));
    expect(await json(["eval", "--adapter", world.at("own"), "--data", world.dev])).toMatchObject({
      accuracy: result["accuracy"],
    });
    expect(await json(["inspect", world.at("own")])).toMatchObject({ features: "output", head: { tensors: 2 } });
  });

  test("classification: the paper's head beside the model's output; resumed to the same bits", async () => {
    const how = ["--objective", "classification", "--epochs", 3, "--save-every", 2, "--dropout", 0.2];
    const result = await json(world.training(world.at("paper"), ...how));
    expect(await json(["eval", "--adapter", world.at("paper"), "--data", world.dev])).toMatchObject({
      accuracy: result["accuracy"],
    });
    expect(await json(["inspect", world.at("paper")])).toMatchObject({ features: "adapter", head: { tensors: 6 } });
    const killed = world.training(world.at("killed"), ...how, "--resume");
    await kadapterProcess(killed, {
      onStderr: (soFar, child) => {
        if (soFar.includes("saved")) child.kill("SIGKILL");
      },
    });
    await json(killed);
    expect(await adapterBits(world.at("killed"))).toEqual(await adapterBits(world.at("paper")));
    const other = world.training(world.at("paper"), "--epochs", 3, "--resume");
    const refused = await kadapter(other);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/error: .*features was .*adapter.*, is .*output/);
  });

  test("a baseline has nothing to learn by contrast", async () => {
    const run = await kadapter(world.training(world.at("none"), "--objective", "contrastive", "--features", "taps"));
    expect(expectComplaint(run)).toMatch(/--features taps leaves nothing to be learnt/);
  });
});
