import type { PlanInput, PlanStep, Tensors } from "../engine/executor.js";
import { bytesOf, type HostTensor, viewAs } from "../tensor.js";
import type { Binding, BoundSession } from "./binding.js";

/** A step of a plan with the session that it runs, and the state that its graph reads. */
export interface BoundStep<V> extends Omit<PlanStep, "graph"> {
  readonly session: BoundSession<V>;
  /** @throws Error where there is no such slot */
  state(name: string): V;
}

/**
 * Runs steps one after another. A later step that reads all rows of an output is bound to the value itself; rows are
 * copied together on the host, once for all steps that read the same ones.
 *
 * @returns what each step fetched
 */
export async function runSteps<V>(binding: Binding<V>, steps: readonly BoundStep<V>[]): Promise<readonly Tensors[]> {
  checkOrder(steps);
  const run = new PlanRun(binding, steps);
  try {
    const found: Tensors[] = [];
    for (const index of steps.keys()) found.push(await run.step(index));
    return found;
  } finally {
    run.release();
  }
}

function checkOrder(steps: readonly Pick<PlanStep, "from">[]): void {
  steps.forEach(({ from = {} }, reader) => {
    const late = Object.values(from).find(({ step }) => !(step < reader));
    if (late) throw new Error(`step ${reader} of the plan reads step ${late.step}, which is not run before it`);
  });
}

class PlanRun<V> {
  private readonly made: ReadonlyMap<string, V>[] = [];
  /** What was copied to the host, and what was copied together there. */
  private readonly hosts = new Map<string, Promise<HostTensor>>();
  private readonly gathered = new Map<string, V>();
  private readonly fed: V[] = [];

  constructor(
    private readonly binding: Binding<V>,
    private readonly steps: readonly BoundStep<V>[],
  ) {}

  async step(index: number): Promise<Tensors> {
    const { session, feeds, from = {}, fetch, state } = this.steps[index] as BoundStep<V>;
    const inputs = new Map<string, V>();
    for (const name of session.inputNames) {
      const [tensor, source] = [feeds[name], from[name]];
      inputs.set(name, tensor ? this.feed(tensor) : source ? await this.output(source) : state(name));
    }
    const names = new Set([...fetch, ...this.readLater(index)]);
    this.made.push(await session.run(inputs, new Map([...names].map((name) => [name, null]))));
    const taken = fetch.map(async (name) => [name, await this.host(index, name)] as const);
    return Object.fromEntries(await Promise.all(taken));
  }

  release(): void {
    const all = [...this.made.flatMap((values) => [...values.values()]), ...this.fed];
    for (const value of all) this.binding.release(value);
  }

  private feed(tensor: HostTensor): V {
    const value = this.binding.wrap(tensor);
    this.fed.push(value);
    return value;
  }

  /** The outputs of a step that others read. */
  private readLater(index: number): readonly string[] {
    const sources = this.steps.flatMap(({ from = {} }) => Object.values(from));
    return sources.filter(({ step }) => step === index).map(({ output }) => output);
  }

  private async output({ step, output, rows }: PlanInput): Promise<V> {
    const value = this.made[step]?.get(output) as V;
    if (rows === undefined) return value;
    const key = `${step} ${output} ${rows.join()}`;
    const known = this.gathered.get(key) ?? this.feed(rowsOf(await this.host(step, output), rows));
    this.gathered.set(key, known);
    return known;
  }

  private host(step: number, output: string): Promise<HostTensor> {
    const key = `${step} ${output}`;
    const known = this.hosts.get(key) ?? Promise.resolve(this.binding.unwrap(this.made[step]?.get(output) as V));
    this.hosts.set(key, known);
    return known;
  }
}

/** Rows of a tensor's first axis, one after another. */
function rowsOf(tensor: HostTensor, rows: readonly number[]): HostTensor {
  const [count = 0, ...rest] = tensor.shape;
  const bytes = bytesOf(tensor);
  const size = count === 0 ? 0 : bytes.byteLength / count;
  const picked = new Uint8Array(rows.length * size);
  rows.forEach((row, i) => {
    if (!(Number.isInteger(row) && row >= 0 && row < count)) {
      throw new Error(`a plan reads row ${row} of a tensor that has ${count}`);
    }
    picked.set(bytes.subarray(row * size, (row + 1) * size), i * size);
  });
  return { dtype: tensor.dtype, shape: [rows.length, ...rest], data: viewAs(tensor.dtype, picked) } as HostTensor;
}
