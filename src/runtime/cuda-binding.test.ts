import { describe, expect, it } from "vitest";
import { add, GraphBuilder, toOnnx } from "../graph/index.js";
import { float32Tensor, type HostTensor } from "../tensor.js";
import type { CValue } from "./c-binding.js";
import { CudaBinding } from "./cuda-binding.js";

/** What keeps values out of the host's reach works the same in memory of the CPU, which every machine has. */
class OnCpu extends CudaBinding {
  protected override readonly memoryName = "Cpu";
  protected override configure(): void {}
}

const tensors: readonly HostTensor[] = [
  float32Tensor([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)),
  float32Tensor([], Float32Array.of(7)),
  { dtype: "int64", shape: [2], data: BigInt64Array.of(-1n, 2n ** 40n) },
];

describe("CudaBinding", () => {
  it("brings values to the device and back", async () => {
    const binding = new OnCpu();
    for (const tensor of tensors) {
      const kept = await binding.keep(tensor);
      expect(kept).toMatchObject({ host: null, onDevice: true });
      expect(await binding.unwrap(kept)).toEqual(tensor);
      binding.release(kept);
    }
    await binding.close();
  });

  it("lets runs read and write kept values, again and again", async () => {
    const g = new GraphBuilder();
    const y = add(g, g.input("x", "float32", [3]), g.scalar(1));
    const binding = new OnCpu();
    const session = await binding.open({ model: toOnnx(g.build({ y })) }, "cuda", 1);
    let [current, spare] = (await binding.zeros([
      { dtype: "float32", shape: [3] },
      { dtype: "float32", shape: [3] },
    ])) as [CValue, CValue];
    for (let i = 0; i < 3; i++) {
      const results = await session.run(new Map([["x", current]]), new Map([["y", spare]]));
      expect(results.get("y")).toBe(spare);
      [current, spare] = [spare, current];
    }
    expect((await binding.unwrap(current)).data).toEqual(Float32Array.of(3, 3, 3));
    expect((await binding.unwrap(spare)).data).toEqual(Float32Array.of(2, 2, 2));
    await session.close();
    for (const value of [current, spare]) binding.release(value);
    await binding.close();
  });

  it("opens again what was closed", async () => {
    const binding = new OnCpu();
    for (let i = 0; i < 2; i++) {
      const kept = await binding.keep(float32Tensor([1], Float32Array.of(i)));
      expect((await binding.unwrap(kept)).data).toEqual(Float32Array.of(i));
      binding.release(kept);
      await binding.close();
    }
  });
});
