/** `plan`: from a short measurement to hours and cost. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { estimate, type Rates, type Workload } from "../src/submit/estimate.js";
import { expectComplaint, json, kadapter, makeWorld, type World } from "./support.js";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());

test("measures this machine and computes the table from that", async () => {
  const asked = [
    "--backbone",
    world.backbone,
    "--sentences",
    1_000_000,
    "--nodes",
    "1,4",
    "--batch-size",
    8,
    "--threads",
    1,
  ];
  const said = await json(["plan", ...asked, "--epochs", 2, "--bandwidth", 10, "--price", 3]);
  const [rates, work] = [said["rates"] as Rates, said["work"] as Workload];
  expect(work).toEqual({ sentences: 1_000_000, epochs: 2, batchSize: 8, bandwidth: 10, price: 3 });
  for (const rate of [rates.features, rates.sentence, rates.parameters]) expect(rate).toBeGreaterThan(0);
  expect(said["estimates"]).toEqual([1, 4].map((nodes) => estimate(rates, work, nodes)));
});

test.each<[string, readonly (string | number)[], RegExp]>([
  ["no sentences", [], /--sentences is missing/],
  ["no machine", ["--sentences", 5, "--nodes", "0,1"], /--nodes: "0,1" is not valid; expected numbers of machines/],
  ["a network of none", ["--sentences", 5, "--bandwidth", 0], /--bandwidth: 0 is not valid/],
])("refuses %s", async (_, words, expected) => {
  expect(expectComplaint(await kadapter(["plan", ...words]))).toMatch(expected);
});
