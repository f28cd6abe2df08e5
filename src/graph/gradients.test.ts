import { describe, expect, it } from "vitest";
import { localExecutor } from "../runtime/local.js";
import { float32Tensor } from "../tensor.js";
import { checkGradients, type GradientCase } from "../testing/gradient-check.js";
import { randomTensor as tensor } from "../testing/random.js";
import { gradRules } from "./gradients.js";
import {
  add,
  backward,
  concat,
  cos,
  div,
  erf,
  exp,
  GraphBuilder,
  gather,
  gelu,
  geluWithGradient,
  gradientsOf,
  log,
  logSoftmax,
  matmul,
  max,
  min,
  mul,
  neg,
  type OpType,
  reciprocal,
  reduceMean,
  reduceSum,
  reduceSumSquare,
  relu,
  reshape,
  shapeOf,
  sigmoid,
  sin,
  slice,
  softmax,
  sqrt,
  squeeze,
  sub,
  takeRows,
  tanh,
  toOnnx,
  transpose,
  triangle,
  unsqueeze,
  type Value,
  where,
} from "./index.js";

type Binary = (g: GraphBuilder, a: Value, b: Value) => Value;
type Unary = (g: GraphBuilder, a: Value) => Value;

const named = [["batch", null, null]] as const;

/** Plain, broadcast on either side, scalar, and with a named dimension. */
const binaryCases = (f: Binary, low = -1, high = 1): GradientCase[] =>
  [
    [
      [2, 3],
      [2, 3],
    ],
    [[2, 3], [3]],
    [
      [1, 3],
      [2, 1],
    ],
    [[3], [2, 2, 3]],
    [[2, 3], []],
  ]
    .map(
      ([a, b], i): GradientCase => ({
        operands: [tensor(10 + i, a as number[], low, high), tensor(20 + i, b as number[], low, high)],
        forward: (g, [x, y]) => f(g, x as Value, y as Value),
      }),
    )
    .concat({
      operands: [tensor(1, [2, 2, 3], low, high), tensor(2, [1, 2, 1], low, high)],
      named: [...named, [null, null, null]],
      forward: (g, [x, y]) => f(g, x as Value, y as Value),
    });

const unaryCases = (f: Unary, low = -1, high = 1): GradientCase[] => [
  { operands: [tensor(3, [2, 3], low, high)], forward: (g, [x]) => f(g, x as Value) },
  { operands: [tensor(4, [2, 1, 3], low, high)], named, forward: (g, [x]) => f(g, x as Value) },
  // A transposed operand.
  { operands: [tensor(5, [3, 2], low, high)], forward: (g, [x]) => f(g, transpose(g, x as Value, 1, 0)) },
];

const matmulCases = (): GradientCase[] => {
  const shapes = (transA: boolean, transB: boolean): [number[], number[]][] => {
    const flip = (shape: number[], swap: boolean) =>
      swap ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;
    return [
      [flip([2, 3], transA), flip([3, 4], transB)],
      [flip([2, 2, 3], transA), flip([2, 3, 4], transB)],
      [flip([2, 2, 3], transA), flip([3, 4], transB)],
      [flip([2, 3], transA), flip([2, 3, 4], transB)],
      [flip([2, 1, 2, 3], transA), flip([1, 3, 3, 2], transB)],
    ];
  };
  return [false, true].flatMap((transA) =>
    [false, true].flatMap((transB) =>
      shapes(transA, transB).map(
        ([a, b], i): GradientCase => ({
          operands: [tensor(30 + i, a), tensor(40 + i, b)],
          forward: (g, [x, y]) => g.emitOne("FusedMatMul", [x as Value, y as Value], { transA, transB, alpha: 0.7 }),
        }),
      ),
    ),
  );
};

const pick = (g: GraphBuilder, ids: number[], shape: number[]) =>
  g.constant({ dtype: "int32", shape, data: Int32Array.from(ids) });

const condition = (g: GraphBuilder) =>
  g.constant({ dtype: "bool", shape: [2, 3], data: Uint8Array.of(1, 0, 1, 0, 0, 1) });

type Ruled = Exclude<
  OpType,
  { [K in OpType]: (typeof gradRules)[K] extends "zero" | "unsupported" ? K : never }[OpType]
>;

const cases: { readonly [K in OpType]?: readonly GradientCase[] } & Partial<Record<Ruled, readonly GradientCase[]>> = {
  Add: binaryCases(add),
  Sub: binaryCases(sub),
  Mul: binaryCases(mul),
  Div: binaryCases(div, 0.6, 2),
  Min: binaryCases(min),
  Max: binaryCases(max),
  Neg: unaryCases(neg),
  Abs: unaryCases((g, x) => g.emitOne("Abs", [x], {})),
  Sqrt: unaryCases(sqrt, 0.5, 2),
  Reciprocal: unaryCases(reciprocal, 0.7, 2),
  Exp: unaryCases(exp),
  Log: unaryCases(log, 0.5, 2),
  Erf: unaryCases(erf),
  Sin: unaryCases(sin),
  Cos: unaryCases(cos),
  Tanh: unaryCases(tanh),
  Sigmoid: unaryCases(sigmoid),
  Relu: unaryCases(relu),
  HardSigmoid: unaryCases((g, x) => g.emitOne("HardSigmoid", [x], { alpha: 0.3, beta: 0.4 }), -3, 3),
  Gelu: [...unaryCases((g, x) => gelu(g, x), -3, 3), ...unaryCases((g, x) => gelu(g, x, "tanh"), -3, 3)],
  GeluProduct: unaryCases(geluWithGradient, -3, 3),
  Identity: unaryCases((g, x) => g.emitOne("Identity", [x], {})),
  Cast: unaryCases((g, x) => g.emitOne("Cast", [g.emitOne("Cast", [x], { to: "float64" })], { to: "float32" })),
  Where: binaryCases((g, a, b) => where(g, condition(g), a, b)).slice(0, 3),
  MatMul: [
    { operands: [tensor(1, [2, 3]), tensor(2, [3, 4])], forward: (g, [x, y]) => matmul(g, x!, y!) },
    { operands: [tensor(1, [2, 2, 3]), tensor(2, [3, 4])], named, forward: (g, [x, y]) => matmul(g, x!, y!) },
    { operands: [tensor(1, [2, 2, 3]), tensor(2, [2, 3, 2])], forward: (g, [x, y]) => matmul(g, x!, y!) },
    // Non-contiguous: both sides come out of a Transpose.
    {
      operands: [tensor(1, [3, 2]), tensor(2, [4, 3])],
      forward: (g, [x, y]) => matmul(g, transpose(g, x!, 1, 0), transpose(g, y!, 1, 0)),
    },
  ],
  FusedMatMul: matmulCases(),
  LayerNormalization: [
    {
      operands: [tensor(1, [2, 2, 5], -2, 2), tensor(2, [5], 0.5, 1.5), tensor(3, [5])],
      named: [["batch", "sequence", null], [null], [null]],
      forward: (g, [x, gamma, beta]) => g.emitOne("LayerNormalization", [x!, gamma!, beta!], { epsilon: 1e-5 }),
      tolerance: 5e-3,
    },
  ],
  Softmax: [-1, 1].map((axis) => ({
    operands: [tensor(6, [2, 3, 4], -2, 2)],
    forward: (g, [x]) => softmax(g, x!, axis),
  })),
  LogSoftmax: [-1, 1].map((axis) => ({
    operands: [tensor(6, [2, 3, 4], -2, 2)],
    forward: (g, [x]) => logSoftmax(g, x!, axis),
  })),
  ReduceSum: [
    ...unaryCases((g, x) => reduceSum(g, x, [0], true)),
    ...unaryCases((g, x) => reduceSum(g, x)),
    ...unaryCases((g, x) => reduceSum(g, x, [-1])),
  ],
  ReduceSumSquare: [
    ...unaryCases((g, x) => reduceSumSquare(g, x, [0], true)),
    ...unaryCases((g, x) => reduceSumSquare(g, x)),
    ...unaryCases((g, x) => reduceSumSquare(g, x, [-1])),
  ],
  ReduceMean: [
    ...unaryCases((g, x) => reduceMean(g, x, [-1], true)),
    { operands: [tensor(8, [2, 3, 2])], forward: (g, [x]) => reduceMean(g, x!, [0, 2]) },
  ],
  Reshape: [
    { operands: [tensor(9, [2, 6])], named: [["batch", null]], forward: (g, [x]) => reshape(g, x!, 0, 2, 3) },
    { operands: [tensor(9, [2, 6])], forward: (g, [x]) => reshape(g, transpose(g, x!, 1, 0), -1) },
  ],
  Expand: [
    {
      operands: [tensor(9, [3, 1])],
      forward: (g, [x]) => g.emitOne("Expand", [x!, g.ints(2, 3, 4)], {}),
    },
    {
      operands: [tensor(9, [1, 3]), tensor(8, [2, 3])],
      named: [
        [null, null],
        ["batch", null],
      ],
      forward: (g, [x, like]) => mul(g, g.emitOne("Expand", [x!, shapeOf(g, like!)], {}), like!),
    },
  ],
  Trilu: [...unaryCases((g, x) => triangle(g, x, "lower")), ...unaryCases((g, x) => triangle(g, x, "upper"))],
  Transpose: [{ operands: [tensor(9, [2, 3, 4])], named, forward: (g, [x]) => transpose(g, x!, 2, 0, 1) }],
  Unsqueeze: [{ operands: [tensor(9, [2, 3])], named: [["batch", null]], forward: (g, [x]) => unsqueeze(g, x!, 0, 2) }],
  Squeeze: [{ operands: [tensor(9, [2, 1, 3])], named, forward: (g, [x]) => squeeze(g, x!, 1) }],
  Concat: [
    { operands: [tensor(1, [2, 3]), tensor(2, [2, 1]), tensor(3, [2, 2])], forward: (g, xs) => concat(g, xs, 1) },
    { operands: [tensor(1, [2, 3]), tensor(2, [1, 3])], forward: (g, xs) => concat(g, xs, 0) },
  ],
  Slice: [
    { operands: [tensor(1, [2, 5])], named: [["batch", null]], forward: (g, [x]) => slice(g, x!, 1, 1, 3) },
    { operands: [tensor(1, [4, 2])], forward: (g, [x]) => slice(g, x!, 0, -3, -1) },
  ],
  Gather: [
    { operands: [tensor(1, [4, 3])], forward: (g, [x]) => gather(g, x!, pick(g, [1, 1, 3, 0, 1, 2], [2, 3])) },
    { operands: [tensor(1, [4, 3])], forward: (g, [x]) => gather(g, x!, pick(g, [2, 2], [2])) },
    {
      operands: [tensor(1, [4, 1])],
      named: [["batch", null]],
      forward: (g, [x]) => gather(g, x!, pick(g, [0, 3, 2, 2], [2, 2])),
    },
  ],
  TakeRows: [
    {
      operands: [tensor(1, [4, 3])],
      forward: (g, [x]) => takeRows(g, x!, pick(g, [2, 0, 3, 1], [2, 2]), pick(g, [1, 3, 0, 2], [4])),
    },
  ],
};

describe("gradient rules against numeric differentiation", () => {
  it("has a case for every operator with a rule", () => {
    const ruled = Object.entries(gradRules).filter(([, rule]) => typeof rule === "function");
    expect(ruled.map(([op]) => op).filter((op) => !(op in cases))).toEqual([]);
  });

  for (const [op, list] of Object.entries(cases)) {
    list.forEach((test, i) => {
      it(`${op} ${i + 1}: ${test.operands.map((operand) => `[${operand.shape.join()}]`).join(" ")}`, () =>
        checkGradients(test));
    });
  }
});

describe("backward", () => {
  const parameter = (name: string, shape: number[]) =>
    ({ name, shape, dtype: "float32", init: { kind: "constant", value: 0 } }) as const;

  it("adds up the gradients of a value that is used twice", async () => {
    await checkGradients({ operands: [tensor(1, [3])], forward: (g, [x]) => mul(g, add(g, x!, x!), sigmoid(g, x!)) });
  });

  it("visits nothing that leads to no wanted value", () => {
    const g = new GraphBuilder();
    const frozen = matmul(g, g.input("x", "float32", [2, 3]), g.use(parameter("frozen", [3, 3])));
    const before = g.order.length;
    const head = parameter("head", [3, 1]);
    const loss = reduceSum(g, matmul(g, tanh(g, frozen), g.use(head)));
    backward(g, loss, [head]);
    const added = g.order.slice(before).filter((node) => node.name.startsWith("backward"));
    expect(added.every((node) => !node.inputs.some((input) => input?.name === "frozen"))).toBe(true);
  });

  it("refuses a loss that is no scalar, a parameter that plays no part, and an operator without a gradient", () => {
    const g = new GraphBuilder();
    const x = g.input("x", "float32", [2, 3]);
    expect(() => gradientsOf(g, x, [x])).toThrow(/scalar/);
    expect(() => backward(g, reduceSum(g, x), [parameter("idle", [2])])).toThrow(
      /does not depend on the parameter idle/,
    );
    const top = g.emitOne("ReduceMax", [x, g.ints(0, 1)], { keepdims: false });
    expect(() => gradientsOf(g, top, [x])).toThrow(/ReduceMax has no gradient/);
  });

  it("sums rows that repeat thousands of times, with several threads, the same each time", async () => {
    const g = new GraphBuilder();
    const [rows, width, picks] = [50, 64, 5000];
    const table = g.input("table", "float32", [rows, width]);
    const ids = g.input("ids", "int32", ["picks"]);
    const weight = g.input("weight", "float32", ["picks", width]);
    const loss = reduceSum(g, mul(g, gather(g, table, ids), weight));
    const gradient = gradientsOf(g, loss, [table]).get(table)!;
    const executor = await localExecutor({ device: "cpu", threads: 2 });
    const graph = await executor.load({ model: toOnnx(g.build({ gradient })) });
    const indices = Int32Array.from({ length: picks }, (_, i) => (i * 7919) % rows);
    // Whole numbers add up exactly in float32, in any order.
    const weights = Float32Array.from({ length: picks * width }, (_, i) => (i % 13) - 6);
    const expected = new Float32Array(rows * width);
    weights.forEach((w, i) => {
      expected[indices[Math.floor(i / width)]! * width + (i % width)]! += w;
    });
    for (let run = 0; run < 10; run++) {
      const fetched = await graph.run(
        {
          table: float32Tensor([rows, width], new Float32Array(rows * width)),
          ids: { dtype: "int32", shape: [picks], data: indices },
          weight: float32Tensor([picks, width], weights),
        },
        ["gradient"],
      );
      expect(fetched["gradient"]?.data).toEqual(expected);
    }
    await executor.close();
  });
});
