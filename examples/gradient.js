/**
 * A graph built, differentiated and run: fits y = 2x + 1. After `npm run build`: `node examples/gradient.js`
 */
import { add, backward, GraphBuilder, matmul, mul, reduceMean, sub, toOnnx } from "kadapter/graph";
import { localExecutor } from "kadapter/runtime";

const parameter = (name, shape) => ({ name, shape, dtype: "float32", init: { kind: "constant", value: 0 } });
const parameters = [parameter("weight", [1, 1]), parameter("bias", [1])];

// One step: forward, backward and update in one graph.
const g = new GraphBuilder();
const x = g.input("x", "float32", [3, 1]);
const y = g.input("y", "float32", [3, 1]);
const [weight, bias] = parameters.map((each) => g.use(each));
const error = sub(g, add(g, matmul(g, x, weight), bias), y);
const loss = reduceMean(g, mul(g, error, error));
const gradients = backward(g, loss, parameters);
const outputs = { loss };
const updates = {};
for (const each of parameters) {
  outputs[`next.${each.name}`] = sub(g, g.use(each), mul(g, gradients.get(each), g.scalar(0.1)));
  updates[`next.${each.name}`] = each.name;
}

const executor = await localExecutor({ device: "cpu", threads: 1 });
const step = await executor.load({ model: toOnnx(g.build(outputs)), updates });
const tensor = (shape, ...data) => ({ dtype: "float32", shape, data: Float32Array.from(data) });
await executor.setState({ weight: tensor([1, 1], 0), bias: tensor([1], 0) });
for (let i = 1; i <= 200; i++) {
  const result = await step.run({ x: tensor([3, 1], 0, 1, 2), y: tensor([3, 1], 1, 3, 5) }, ["loss"]);
  if (i % 50 === 0) console.log(`step ${i}: loss ${result.loss.data[0].toExponential(1)}`);
}
const state = await executor.getState(["weight", "bias"]);
console.log(`y = ${state.weight.data[0].toFixed(3)} x + ${state.bias.data[0].toFixed(3)}`);
await executor.close();
