import { expect, it } from "vitest";
import { localExecutor } from "../runtime/local.js";
import { testRandom } from "../testing/random.js";
import { probeAccuracy, probeDefaults } from "./linear-probe.js";

/** Classes told by one dimension among others a thousand times as large. */
function data(count: number, seed: number) {
  const random = testRandom(seed);
  const labels = Array.from({ length: count }, (_, i) => i % 3);
  const vectors = labels.map((label) =>
    Float32Array.from({ length: 6 }, (_, d) => (d === 0 ? label + 0.3 * random() : 1000 * random())),
  );
  return { vectors, labels };
}

it("finds what is there to be found whatever its scale, and nothing in noise", async () => {
  const executor = await localExecutor({ device: "cpu", threads: 1 });
  const options = { ...probeDefaults, classes: 3, batchSize: 32, learningRate: 0.02, seed: 1 };
  const [train, test] = [data(120, 1), data(90, 2)];
  const accuracy = await probeAccuracy(executor, train, test, options);
  expect(accuracy).toBeGreaterThan(0.95);
  expect(await probeAccuracy(executor, train, test, options)).toBe(accuracy);
  const blind = ({ vectors, labels }: typeof train) => ({ labels, vectors: vectors.map((vector) => vector.slice(1)) });
  expect(await probeAccuracy(executor, blind(train), blind(test), options)).toBeLessThan(0.6);
  await executor.close();
});
