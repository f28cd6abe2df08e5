import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Executor } from "../engine/executor.js";
import { setting, userError } from "../errors.js";
import { backward, GraphBuilder, matmul, reduceSum, tanh, toOnnx } from "../graph/index.js";
import { sessionOptions } from "./devices.js";

/**
 * Runs one small training graph (forward and gradient) on a device and compares it with the known result.
 *
 * @throws UserError that says why the device does not work
 */
export async function probeDevice(device: Executor["device"]): Promise<void> {
  const weight = { name: "weight", shape: [2, 2], dtype: "float32", init: { kind: "constant", value: 0.5 } } as const;
  const g = new GraphBuilder();
  const loss = reduceSum(g, tanh(g, matmul(g, g.input("x", "float32", [1, 2]), g.use(weight))));
  const gradient = backward(g, loss, [weight]).get(weight);
  if (!gradient) throw new Error("the probe has no gradient");
  try {
    const session = await InferenceSession.create(toOnnx(g.build({ loss, gradient })), sessionOptions(device, 1));
    const feeds = {
      x: new Tensor("float32", [1, 1], [1, 2]),
      weight: new Tensor("float32", [0.5, 0.5, 0.5, 0.5], [2, 2]),
    };
    const results = await session.run(feeds);
    await session.release();
    const got = Number((results["gradient"] as Tensor).data[0]);
    const expected = 1 - Math.tanh(1) ** 2;
    if (!(Math.abs(got - expected) < 1e-3)) throw new Error(`a gradient was ${got} instead of ${expected}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw userError({
      where: `device ${device}`,
      what: `does not work here (${reason})`,
      fix: `choose ${setting("device", "cpu")}, or see kadapter doctor`,
    });
  }
}
