/**
 * Graphs as ONNX files (https://onnx.ai, onnx.proto).
 * @module
 */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  ModelProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from "onnx-buf";
import { bytesOf, type DType, type HostTensor } from "../tensor.js";
import type { Graph } from "./builder.js";
import { laterOps, microsoftOps, microsoftOpset, onnxOpset } from "./ops.js";
import type { Node, Parameter, Value } from "./value.js";

type AttributeInit = MessageInitShape<typeof AttributeProtoSchema>;
type TensorInit = MessageInitShape<typeof TensorProtoSchema>;

/** Where a parameter's elements come from when the graph runs. */
export type ParameterSource =
  /** Fed at every run, like an input: what is being trained. */
  | { readonly kind: "input" }
  /** Written into the model. */
  | { readonly kind: "inline"; readonly tensor: HostTensor }
  /** A range of a file beside the model, e.g. of a safetensors file as it is. */
  | { readonly kind: "external"; readonly location: string; readonly offset: number; readonly length: number };

export interface SerializeOptions {
  /** Source of each parameter; `input` by default. */
  readonly parameter?: (parameter: Parameter) => ParameterSource;
  /** Version of ONNX's operators; what the graph's need by default. */
  readonly opset?: number;
}

const dataTypes: Readonly<Record<DType, DataType>> = {
  float32: DataType.FLOAT,
  float64: DataType.DOUBLE,
  float16: DataType.FLOAT16,
  bfloat16: DataType.BFLOAT16,
  int8: DataType.INT8,
  uint8: DataType.UINT8,
  int16: DataType.INT16,
  uint16: DataType.UINT16,
  int32: DataType.INT32,
  uint32: DataType.UINT32,
  int64: DataType.INT64,
  uint64: DataType.UINT64,
  bool: DataType.BOOL,
};

/** The bytes of an ONNX model. Outputs carry the names given to `GraphBuilder.build`. */
export function toOnnx(graph: Graph, options: SerializeOptions = {}): Uint8Array {
  const { names, aliases } = nameValues(graph);
  const name = (value: Value | null): string => (value ? (names.get(value) ?? value.name) : "");
  const source = options.parameter ?? (() => ({ kind: "input" as const }));
  const fed = [...graph.parameters]
    .filter(([parameter]) => source(parameter).kind === "input")
    .map(([, value]) => value);
  const stored = [...graph.parameters].flatMap(([parameter, value]) => {
    const from = source(parameter);
    return from.kind === "input" ? [] : [storedParameter(value, from)];
  });
  const { opset = opsetOf(graph) } = options;
  const own = graph.nodes.some(({ op }) => microsoftOps.has(op));
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(irVersionOf(opset)),
    producerName: "kadapter",
    opsetImport: [
      { domain: "", version: BigInt(opset) },
      ...(own ? [{ domain: "com.microsoft", version: BigInt(microsoftOpset) }] : []),
    ],
    graph: {
      name: "graph",
      input: [...graph.inputs, ...fed].map((value) => valueInfo(value.name, value)),
      output: Object.entries(graph.outputs).map(([output, value]) => valueInfo(output, value)),
      initializer: [...[...graph.constants].map(([value, tensor]) => inlineTensor(value.name, tensor)), ...stored],
      node: [
        ...graph.nodes.map((node) => ({
          name: node.name,
          opType: onnxNames[node.op] ?? node.op,
          domain: microsoftOps.has(node.op) ? "com.microsoft" : "",
          input: onnxInputs(node).map(name),
          output: trimUnused(graph, node).map(name),
          attribute: attributesOf(node),
        })),
        ...aliases.map(([output, value]) => ({
          name: `output/${output}`,
          opType: "Identity",
          input: [name(value)],
          output: [output],
        })),
      ],
    },
  });
  return toBinary(ModelProtoSchema, model);
}

/** The version that has all of a graph's operators. */
function opsetOf({ nodes }: Graph): number {
  return nodes.reduce((version, { op }) => Math.max(version, laterOps[op] ?? 0), onnxOpset);
}

/** The format that came with a version of the operators, and no later one than runtimes of that time read. */
const irVersionOf = (opset: number): number => (opset >= 21 ? 10 : opset >= 19 ? 9 : 8);

/** Operators that ONNX knows by another name: what is special about them is their gradient. */
const onnxNames: Readonly<Partial<Record<Node["op"], string>>> = {
  StopGradient: "Identity",
  TakeRows: "Gather",
  GeluProduct: "Mul",
};

/** Their third operand is for the gradient alone. */
const withGradientOperand: ReadonlySet<Node["op"]> = new Set(["TakeRows", "GeluProduct"]);

const onnxInputs = ({ op, inputs }: Node) => (withGradientOperand.has(op) ? inputs.slice(0, 2) : inputs);

/**
 * A value that a node makes takes its output's name; inputs, constants and values that are output twice keep their
 * name and are copied by an Identity.
 */
function nameValues(graph: Graph): { names: Map<Value, string>; aliases: [string, Value][] } {
  const names = new Map<Value, string>();
  const aliases: [string, Value][] = [];
  for (const [output, value] of Object.entries(graph.outputs)) {
    if (value.producer && !names.has(value)) names.set(value, output);
    else aliases.push([output, value]);
  }
  return { names, aliases };
}

/** LayerNormalization's statistics are only computed when somebody reads them. */
function trimUnused(graph: Graph, node: Node): readonly Value[] {
  if (node.outputs.length === 1 || node.op === "DynamicQuantizeLinear") return node.outputs;
  const statistics = node.outputs.slice(1);
  const read = graph.nodes.some((other) => statistics.some((value) => other.inputs.includes(value)));
  return read || statistics.some((value) => Object.values(graph.outputs).includes(value))
    ? node.outputs
    : node.outputs.slice(0, 1);
}

function valueInfo(name: string, value: Value): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = value.shape.map((size) => ({
    value:
      typeof size === "number"
        ? { case: "dimValue" as const, value: BigInt(size) }
        : { case: "dimParam" as const, value: size },
  }));
  return { name, type: { value: { case: "tensorType", value: { elemType: dataTypes[value.dtype], shape: { dim } } } } };
}

function inlineTensor(name: string, tensor: HostTensor): TensorInit {
  return {
    name,
    dataType: dataTypes[tensor.dtype],
    dims: tensor.shape.map(BigInt),
    rawData: bytesOf(tensor) as Uint8Array<ArrayBuffer>,
  };
}

function storedParameter(value: Value, from: Exclude<ParameterSource, { kind: "input" }>): TensorInit {
  if (from.kind === "inline") return inlineTensor(value.name, from.tensor);
  return {
    name: value.name,
    dataType: dataTypes[value.dtype],
    dims: (value.shape as number[]).map(BigInt),
    dataLocation: DataLocation.EXTERNAL,
    externalData: [
      { key: "location", value: from.location },
      { key: "offset", value: String(from.offset) },
      { key: "length", value: String(from.length) },
    ],
  };
}

const int = (name: string, value: number | boolean): AttributeInit => ({
  name,
  type: AttributeType.INT,
  i: BigInt(value),
});
/** Attributes that are floats even where their value is whole. */
const floatAttributes: ReadonlySet<string> = new Set(["epsilon", "alpha", "beta"]);
const float = (name: string, value: number): AttributeInit => ({ name, type: AttributeType.FLOAT, f: value });
const text = (name: string, value: string): AttributeInit => ({
  name,
  type: AttributeType.STRING,
  s: new TextEncoder().encode(value),
});
const ints = (name: string, values: readonly number[]): AttributeInit => ({
  name,
  type: AttributeType.INTS,
  ints: values.map(BigInt),
});

/** Attributes whose ONNX names and types are not those of this project. */
function attributesOf(node: Node): AttributeInit[] {
  if (node.op === "ConstantOfShape") {
    const { value, dtype } = node.attrs as Node<"ConstantOfShape">["attrs"];
    const data = dtype === "float32" ? Float32Array.of(value) : BigInt64Array.of(BigInt(value));
    return [
      {
        name: "value",
        type: AttributeType.TENSOR,
        t: inlineTensor("value", { dtype, shape: [1], data } as HostTensor),
      },
    ];
  }
  if (node.op === "NonZero") return [];
  if (node.op === "Cast") return [int("to", dataTypes[(node.attrs as Node<"Cast">["attrs"]).to])];
  if (node.op === "Attention") {
    const { numHeads, scale } = node.attrs as Node<"Attention">["attrs"];
    return [int("q_num_heads", numHeads), int("kv_num_heads", numHeads), float("scale", scale)];
  }
  if (node.op === "MultiHeadAttention") {
    const { numHeads, scale } = node.attrs as Node<"MultiHeadAttention">["attrs"];
    return [int("num_heads", numHeads), float("scale", scale)];
  }
  return Object.entries(node.attrs).map(([name, value]: [string, unknown]) => {
    if (floatAttributes.has(name)) return float(name, value as number);
    if (typeof value === "number" || typeof value === "boolean") return int(name, value);
    if (typeof value === "string") return text(name, value);
    if (Array.isArray(value)) return ints(name, value as number[]);
    throw new Error(`${node.name}: attribute ${name} has no ONNX form`);
  });
}
