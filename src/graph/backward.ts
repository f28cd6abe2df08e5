import type { GraphBuilder } from "./builder.js";
import { add, matmul, reshape, shapeOf, slice, squeeze } from "./functions.js";
import { type GradContext, type GradRule, gradRules } from "./gradients.js";
import type { OpType } from "./ops.js";
import { broadcastAxes } from "./shapes.js";
import { type Node, type Parameter, sameShape, showShape, type Value } from "./value.js";

/**
 * Reverse-mode differentiation: adds the operators that compute d loss / d x for each wanted value, and nothing else.
 *
 * Only operators on a path from a wanted value to the loss are visited, so a frozen part of a model costs nothing.
 * Every gradient's shape and dtype is checked against its value's; gradients of operands that were broadcast are
 * summed here, once for all rules.
 *
 * @param loss a float32 scalar
 * @returns gradient by value; a wanted value that the loss does not depend on is absent
 */
export function gradientsOf(g: GraphBuilder, loss: Value, wanted: readonly Value[]): ReadonlyMap<Value, Value> {
  if (loss.shape.length !== 0 || loss.dtype !== "float32") {
    throw new Error(`the loss must be a float32 scalar, not ${loss.dtype} ${showShape(loss.shape)}`);
  }
  const forward = [...g.order];
  const reached = dependents(forward, wanted);
  const grads = new Map<Value, Value>();
  if (reached.has(loss)) grads.set(loss, g.scalar(1));
  g.scoped("backward", () => {
    for (const node of forward.reverse()) {
      if (node.outputs.some((output) => reached.has(output) && grads.has(output))) visit(g, node, reached, grads);
    }
  });
  return new Map(wanted.flatMap((value) => (grads.has(value) ? [[value, grads.get(value) as Value]] : [])));
}

/** {@link gradientsOf} for parameters; every wanted parameter must take part in the loss. */
export function backward(g: GraphBuilder, loss: Value, wanted: readonly Parameter[]): ReadonlyMap<Parameter, Value> {
  const grads = gradientsOf(
    g,
    loss,
    wanted.map((parameter) => g.use(parameter)),
  );
  return new Map(
    wanted.map((parameter) => {
      const grad = grads.get(g.use(parameter));
      if (!grad) throw new Error(`the loss does not depend on the parameter ${parameter.name}`);
      return [parameter, grad];
    }),
  );
}

/** The values that depend on one of `sources`, these included. */
function dependents(nodes: readonly Node[], sources: readonly Value[]): ReadonlySet<Value> {
  const reached = new Set(sources);
  for (const node of nodes) {
    if (node.inputs.some((input) => input && reached.has(input)))
      for (const output of node.outputs) reached.add(output);
  }
  return reached;
}

function visit<K extends OpType>(
  g: GraphBuilder,
  node: Node<K>,
  reached: ReadonlySet<Value>,
  grads: Map<Value, Value>,
): void {
  const rule = gradRules[node.op] as GradRule<K> | "zero" | "unsupported";
  if (rule === "zero") return;
  if (rule === "unsupported") throw new Error(`${node.name}: ${node.op} has no gradient; use it for inference only`);
  const context: GradContext<K> = {
    g,
    inputs: node.inputs,
    outputs: node.outputs,
    grads: node.outputs.map((output) => grads.get(output) ?? null),
    attrs: node.attrs,
    needs: (i) => {
      const input = node.inputs[i];
      return input ? reached.has(input) : false;
    },
  };
  if (!context.grads[0]) throw new Error(`${node.name}: only the first output can carry a gradient`);
  const results = g.scoped(node.name, () => rule(context));
  results.forEach((grad, i) => {
    const input = node.inputs[i];
    if (!grad || !input || !reached.has(input)) return;
    const fitted = sumToOperand(g, grad, input, node);
    const before = grads.get(input);
    grads.set(input, before ? add(g, before, fitted) : fitted);
  });
}

/** Sums a gradient over the axes along which its value was broadcast, and checks that it then fits. */
function sumToOperand(g: GraphBuilder, grad: Value, value: Value, node: Node): Value {
  const axes = broadcastAxes(grad.shape, value.shape);
  const leading = grad.shape.length - value.shape.length;
  let fitted = grad;
  if (axes.length > 0) {
    const ofRows = grad.shape.length === 2 && axes.length === 1 && axes[0] === 0 && grad.dtype === "float32";
    fitted = ofRows ? sumOfRows(g, grad) : g.emitOne("ReduceSum", [grad, g.ints(...axes)], { keepdims: true });
    if (leading > 0) fitted = squeeze(g, fitted, ...Array.from({ length: leading }, (_, i) => i));
  }
  if (!sameShape(fitted.shape, value.shape) || fitted.dtype !== value.dtype) {
    throw new Error(
      `${node.name}: the gradient of ${value.name} is ${fitted.dtype} ${showShape(fitted.shape)}, not ${value.dtype} ${showShape(value.shape)}`,
    );
  }
  return fitted;
}

/** `[rows, n]` → `[1, n]` as a product with ones: half of what ReduceSum takes on the CPU, for a tall matrix. */
function sumOfRows(g: GraphBuilder, x: Value): Value {
  const column = shapeOf(g, slice(g, x, 1, 0, 1));
  return matmul(g, reshape(g, g.emitOne("ConstantOfShape", [column], { value: 1, dtype: "float32" }), 1, -1), x);
}
