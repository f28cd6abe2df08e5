import type { DType, HostTensor } from "../tensor.js";
import { inferOutputs, type OutputType } from "./infer.js";
import type { OpAttrs, OpType } from "./ops.js";
import type { Node, Parameter, Shape, Value } from "./value.js";

/** A finished graph: a plain value, independent of any runtime. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly parameters: ReadonlyMap<Parameter, Value>;
  readonly constants: ReadonlyMap<Value, HostTensor>;
  readonly nodes: readonly Node[];
  readonly outputs: Readonly<Record<string, Value>>;
}

/**
 * Builds a graph operator by operator. Shapes and dtypes are inferred at once, so a mistake is reported at the line
 * that makes it.
 *
 * @example
 * const g = new GraphBuilder();
 * const x = g.input("x", "float32", ["batch", 3]);
 * const y = g.emitOne("Tanh", [x], {});
 * const graph = g.build({ y });
 */
export class GraphBuilder {
  private readonly inputs: Value[] = [];
  private readonly parameters = new Map<Parameter, Value>();
  private readonly constants = new Map<Value, HostTensor>();
  private readonly interned = new Map<string, Value>();
  private readonly nodes: Node[] = [];
  private readonly path: string[] = [];
  private part: { readonly prefix: string; readonly inputs: Readonly<Record<string, Value>> } | null = null;
  private counter = 0;
  private constantCounter = 0;

  /**
   * Goes on with a finished graph: its inputs, parameters and constants are there, and each of its nodes is to be
   * {@link append}ed, or others in its stead.
   */
  static on({ inputs, parameters, constants }: Graph): GraphBuilder {
    const g = new GraphBuilder();
    g.inputs.push(...inputs);
    for (const [parameter, value] of parameters) g.parameters.set(parameter, value);
    for (const [value, tensor] of constants) {
      g.constants.set(value, tensor);
      g.constantCounter = Math.max(g.constantCounter, 1 + Number(value.name.slice("constant.".length)));
    }
    return g;
  }

  /** A tensor that every run must feed; inside {@link embedded}, perhaps a value of the graph around it. */
  input(own: string, dtype: DType, shape: Shape): Value {
    const given = this.part?.inputs[own];
    if (given?.dtype === dtype) return given;
    if (given) throw new Error(`the input ${own} is ${dtype}, not ${given.dtype}`);
    const name = `${this.part?.prefix ?? ""}${own}`;
    if (this.inputs.some((value) => value.name === name)) throw new Error(`the graph has an input ${name} already`);
    const value: Value = { name, dtype, shape, producer: null };
    this.inputs.push(value);
    return value;
  }

  /** Binds a parameter to this graph; asking again gives the same value. */
  use(parameter: Parameter): Value {
    const bound = this.parameters.get(parameter);
    if (bound) return bound;
    const name = `${this.part?.prefix ?? ""}${parameter.name}`;
    for (const other of this.parameters.values()) {
      if (other.name === name) throw new Error(`two parameters are called ${name}`);
    }
    const value: Value = { name, dtype: parameter.dtype, shape: parameter.shape, producer: null };
    this.parameters.set(parameter, value);
    return value;
  }

  /**
   * A constant tensor.
   *
   * @param literal its elements, where shape inference is to read them
   */
  constant(tensor: HostTensor, literal?: readonly number[]): Value {
    const value: Value = {
      name: `constant.${this.constantCounter++}`,
      dtype: tensor.dtype,
      shape: tensor.shape,
      producer: null,
      ...(literal ? { literal } : {}),
    };
    this.constants.set(value, tensor);
    return value;
  }

  /** A float32 scalar; equal numbers share one constant. */
  scalar(number: number): Value {
    return this.intern(`f${number}`, () => ({ dtype: "float32", shape: [], data: Float32Array.of(number) }));
  }

  /** A uint32 scalar. */
  uint32(number: number): Value {
    return this.intern(`u${number}`, () => ({ dtype: "uint32", shape: [], data: Uint32Array.of(number) }));
  }

  /** An int32 scalar. */
  int32(number: number): Value {
    return this.intern(`n${number}`, () => ({ dtype: "int32", shape: [], data: Int32Array.of(number) }));
  }

  /** A list of int64 whose elements shape inference can read (axes, targets of Reshape). */
  ints(...numbers: readonly number[]): Value {
    return this.intern(
      `i${numbers.join()}`,
      () => ({ dtype: "int64", shape: [numbers.length], data: BigInt64Array.from(numbers, BigInt) }),
      numbers,
    );
  }

  /** An int64 scalar that shape inference can read. */
  int(number: number): Value {
    return this.intern(`s${number}`, () => ({ dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(number)) }), [
      number,
    ]);
  }

  private intern(key: string, make: () => HostTensor, literal?: readonly number[]): Value {
    const known = this.interned.get(key);
    if (known) return known;
    const value = this.constant(make(), literal);
    this.interned.set(key, value);
    return value;
  }

  /** Adds an operator and returns its outputs. */
  emit<K extends OpType>(op: K, inputs: readonly (Value | null)[], attrs: OpAttrs[K]): readonly Value[] {
    const name = this.nextName(op);
    return this.add(op, name, inputs, attrs, this.infer(op, name, inputs, attrs));
  }

  /**
   * {@link emit} of an operator with one output, whose type shape inference cannot know: its target shape is itself
   * computed by the run.
   */
  emitAs<K extends OpType>(op: K, inputs: readonly (Value | null)[], attrs: OpAttrs[K], type: OutputType): Value {
    return this.add(op, this.nextName(op), inputs, attrs, [type])[0] as Value;
  }

  /** Adds a node of the graph that this builder goes on with, see {@link on}. */
  append(node: Node): void {
    this.nodes.push(node);
  }

  /** {@link emit} for operators with one output, or of which only the first is wanted. */
  emitOne<K extends OpType>(op: K, inputs: readonly (Value | null)[], attrs: OpAttrs[K]): Value {
    return this.emit(op, inputs, attrs)[0] as Value;
  }

  private nextName(op: OpType): string {
    return [...this.path, `${op}.${this.counter++}`].join("/");
  }

  private add<K extends OpType>(
    op: K,
    name: string,
    inputs: readonly (Value | null)[],
    attrs: OpAttrs[K],
    types: readonly OutputType[],
  ): readonly Value[] {
    const outputs: Value[] = [];
    const node = { op, name, inputs, outputs, attrs } as unknown as Node;
    types.forEach(({ dtype, shape }, i) => {
      outputs.push({ name: types.length === 1 ? name : `${name}:${i}`, dtype, shape, producer: node });
    });
    this.nodes.push(node);
    return outputs;
  }

  private infer<K extends OpType>(op: K, name: string, inputs: readonly (Value | null)[], attrs: OpAttrs[K]) {
    try {
      return inferOutputs(op, inputs, attrs);
    } catch (error) {
      throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Puts `path` before the names of the operators that `body` adds, so that a profile tells where they come from. */
  scoped<T>(path: string, body: () => T): T {
    this.path.push(path);
    try {
      return body();
    } finally {
      this.path.pop();
    }
  }

  /**
   * Adds a model that was made to stand alone as a part of this graph.
   *
   * @param prefix stands before the names of its parameters, and of the inputs that are left
   * @param inputs what it reads instead of inputs of its own, by their names
   */
  embedded<T>(prefix: string, inputs: Readonly<Record<string, Value>>, body: () => T): T {
    const around = this.part;
    this.part = { prefix, inputs };
    try {
      return body();
    } finally {
      this.part = around;
    }
  }

  /** The operators so far, in an order in which they can run. */
  get order(): readonly Node[] {
    return this.nodes;
  }

  /** Finishes the graph, keeping only what its outputs need. */
  build(outputs: Readonly<Record<string, Value>>): Graph {
    const needed = new Set<Value>(Object.values(outputs));
    const nodes: Node[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      nodes.push(node);
      for (const input of node.inputs) if (input) needed.add(input);
    }
    return {
      inputs: this.inputs.filter((value) => needed.has(value)),
      parameters: new Map([...this.parameters].filter(([, value]) => needed.has(value))),
      constants: new Map([...this.constants].filter(([value]) => needed.has(value))),
      nodes: nodes.reverse(),
      outputs,
    };
  }
}
