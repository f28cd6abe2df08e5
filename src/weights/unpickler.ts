import { userError } from "../errors.js";
import { quoted } from "./strict-json.js";

/**
 * What a pickle can hold here. Lists and tuples stay apart because only lists may grow; host values are whatever the
 * caller's {@link PickleHost} made of a global, a call or a persistent id.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleList
  | PickleTuple
  | PickleDict
  | PickleHostValue;

/** A Python list. */
export class PickleList {
  readonly kind = "list";
  readonly items: PickleValue[] = [];
}

/** A Python tuple. */
export class PickleTuple {
  readonly kind = "tuple";
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A Python dict or OrderedDict. Keys that are not text, number, bool or None are refused. */
export class PickleDict {
  readonly kind = "dict";
  readonly entries = new Map<string | number | bigint | boolean | null, PickleValue>();
}

/** Base of the values that only the caller understands. */
export abstract class PickleHostValue {
  readonly kind = "host";
}

/** What the caller lends to a pickle: nothing else of the outside can be reached from it. */
export interface PickleHost {
  /** Names the file in error lines. */
  readonly where: string;
  /** The value of a global, or undefined to refuse it. */
  global(module: string, name: string): PickleHostValue | undefined;
  /** The result of calling a global. */
  call(callee: PickleHostValue, args: readonly PickleValue[]): PickleValue;
  /** The object behind a persistent id. */
  persistent(id: PickleValue): PickleValue;
}

/** The bytes ended inside the pickle: the caller may come again with more. */
export class PickleTooShort extends Error {}

/**
 * What one pickle may push and remember, containers counted for what they weigh: some 100 belong to a tensor, so this
 * is enough for 80,000 tensors a file. Bounds the stack, the memo and with them memory.
 */
const MAX_WEIGHT = 1 << 23;
const CONTAINER_WEIGHT = 16;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Digits or bytes of one integer: sizes fit in 8 bytes, torch's magic number takes 10. */
const MAX_INTEGER_BYTES = 32;

const MARK = Symbol("mark");
const OPCODES: ReadonlyMap<number, (machine: Machine) => void> = new Map(
  Object.entries(opcodes()).map(([code, run]) => [Number(code), run]),
);

class Machine {
  readonly stack: (PickleValue | typeof MARK)[] = [];
  readonly memo = new Map<number, PickleValue>();
  at = 0;
  private weight = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly host: PickleHost,
  ) {}

  run(): PickleValue {
    for (;;) {
      const start = this.at;
      const code = this.take(1)[0]!;
      if (code === 0x2e) break; // STOP
      const run = OPCODES.get(code);
      if (run === undefined) {
        throw this.bad(`opcode 0x${code.toString(16).padStart(2, "0")} at byte ${start}, which no weights need`);
      }
      run(this);
    }
    const result = this.pop();
    if (this.stack.length > 0) throw this.bad(`${this.stack.length} values are left on its stack`);
    return result;
  }

  bad(what: string): Error {
    return userError({
      where: this.host.where,
      what: `refused: the pickle is damaged or no state dict: ${what}`,
      fix: "save the weights as safetensors",
    });
  }

  take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw new PickleTooShort();
    const part = this.bytes.subarray(this.at, end);
    this.at = end;
    return part;
  }

  unsigned(size: 1 | 2 | 4): number {
    let value = 0;
    const bytes = this.take(size);
    for (let i = size - 1; i >= 0; i--) value = value * 256 + bytes[i]!;
    return value;
  }

  /** An 8-byte length; one beyond the safe integers can only be a lie, and is too long for the bytes in any case. */
  length8(): number {
    return this.unsigned(4) + this.unsigned(4) * 2 ** 32;
  }

  text(length: number): string {
    const bytes = this.take(length);
    try {
      return decoder.decode(bytes);
    } catch {
      throw this.bad("text that is no UTF-8");
    }
  }

  /** Text up to a line break, as the oldest protocol writes its arguments. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new PickleTooShort();
    const text = this.text(end - this.at);
    this.at = end + 1;
    return text;
  }

  push(value: PickleValue | typeof MARK): void {
    this.weigh(typeof value === "object" && value !== null ? CONTAINER_WEIGHT : 1);
    this.stack.push(value);
  }

  private weigh(amount: number): void {
    this.weight += amount;
    if (this.weight > MAX_WEIGHT) throw this.bad("it holds more values than any state dict");
  }

  pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined || value === MARK) throw this.bad("its stack is empty");
    return value;
  }

  top(): PickleValue {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  /** The values above the last mark; takes the mark away too. */
  popToMark(): PickleValue[] {
    const mark = this.stack.lastIndexOf(MARK);
    if (mark < 0) throw this.bad("there is no mark on its stack");
    const values = this.stack.splice(mark).slice(1);
    return values as PickleValue[]; // above the last mark there is none
  }

  remember(index: number): void {
    this.weigh(1);
    this.memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.bad(`nothing is remembered under ${index}`);
    this.push(value);
  }

  pushGlobal(module: string, name: string): void {
    const value = this.host.global(module, name);
    if (value === undefined) throw refusedGlobal(this.host.where, `${module}.${name}`);
    this.push(value);
  }

  pushInteger(bytes: Uint8Array): void {
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) value = value * 256n + BigInt(bytes[i]!);
    value = BigInt.asIntN(bytes.length * 8, value);
    const small = Number(value);
    this.push(Number.isSafeInteger(small) ? small : value);
  }

  list(): PickleList {
    const value = this.top();
    if (!(value instanceof PickleList)) throw this.bad("it appends to what is no list");
    return value;
  }

  setItems(target: PickleValue, items: readonly PickleValue[]): void {
    if (!(target instanceof PickleDict)) throw this.bad("it sets items of what is no dict");
    if (items.length % 2 !== 0) throw this.bad("a key without a value");
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]!;
      if (key !== null && typeof key === "object") throw this.bad("a dict key that is neither text nor number");
      target.entries.set(key, items[i + 1]!);
    }
  }

  reduce(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(args instanceof PickleTuple) || !(callee instanceof PickleHostValue)) {
      throw this.bad("it calls what is no function");
    }
    // What is called may copy a list: a thousand copies of one list count a thousand times.
    for (const arg of args.items) if (arg instanceof PickleList) this.weigh(arg.items.length);
    this.push(this.host.call(callee, args.items));
  }

  /**
   * Attributes set on an object. State dicts carry `_metadata` (versions of modules) in this way on their OrderedDict,
   * which holds no weights and is let go; anything else would change what a class we do not know does.
   */
  build(): void {
    const state = this.pop();
    if (!(state instanceof PickleDict) || !(this.top() instanceof PickleDict)) {
      throw this.bad("it sets the state of an object");
    }
  }
}

function refusedGlobal(where: string, name: string): Error {
  const shown = quoted(name).slice(1, -1);
  return userError({
    where,
    what: `refused: the pickle wants to load \`${shown}\``,
    expected: "tensors and plain containers only (anything else could run code)",
    fix: "save the state dict alone, better as safetensors",
  });
}

function extend(list: PickleList, values: readonly PickleValue[]): void {
  for (const value of values) list.items.push(value);
}

function pushString(m: Machine, length: number): void {
  // Python 2's str: bytes that torch's old files use for names; ASCII in all of them.
  m.push(m.text(length));
}

function pushLong(m: Machine, length: number): void {
  if (length > MAX_INTEGER_BYTES) throw m.bad(`an integer of ${length} bytes`);
  m.pushInteger(m.take(length));
}

function stackGlobal(m: Machine): void {
  const name = m.pop();
  const module = m.pop();
  if (typeof name !== "string" || typeof module !== "string") throw m.bad("a global without a name");
  m.pushGlobal(module, name);
}

/** INST: a class named in the text and called at once; no state dict has it, so it is refused by name. */
function instance(m: Machine): void {
  const module = m.line();
  throw refusedGlobal(m.host.where, `${module}.${m.line()}`);
}

function append(m: Machine): void {
  const value = m.pop();
  m.list().items.push(value);
}

function appends(m: Machine): void {
  const values = m.popToMark();
  extend(m.list(), values);
}

function setItem(m: Machine): void {
  const value = m.pop();
  const key = m.pop();
  m.setItems(m.top(), [key, value]);
}

function setItems(m: Machine): void {
  const items = m.popToMark();
  m.setItems(m.top(), items);
}

function tupleOf(m: Machine, count: number): void {
  const items: PickleValue[] = [];
  for (let i = 0; i < count; i++) items.push(m.pop());
  m.push(new PickleTuple(items.reverse()));
}

function popAny(m: Machine): void {
  if (m.stack.pop() === undefined) throw m.bad("its stack is empty");
}

function float64(m: Machine): number {
  const bytes = m.take(8);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, false);
}

/** Every opcode that Lib/pickle.py writes for a state dict at protocols 2 to 5; the others are refused. */
function opcodes(): Record<number, (m: Machine) => void> {
  return {
    128: (m) => {
      // PROTO
      const version = m.unsigned(1);
      if (version > 5) throw m.bad(`protocol ${version}`);
    },
    149: (m) => void m.take(8), // FRAME: only a hint for buffering
    40: (m) => m.push(MARK),
    48: popAny, // POP
    49: (m) => void m.popToMark(), // POP_MARK
    50: (m) => m.push(m.top()), // DUP
    78: (m) => m.push(null), // NONE
    136: (m) => m.push(true), // NEWTRUE
    137: (m) => m.push(false), // NEWFALSE
    74: (m) => m.pushInteger(m.take(4)), // BININT
    75: (m) => m.push(m.unsigned(1)), // BININT1
    77: (m) => m.push(m.unsigned(2)), // BININT2
    138: (m) => pushLong(m, m.unsigned(1)), // LONG1
    139: (m) => pushLong(m, m.unsigned(4)), // LONG4
    71: (m) => m.push(float64(m)), // BINFLOAT
    84: (m) => pushString(m, m.unsigned(4)), // BINSTRING
    85: (m) => pushString(m, m.unsigned(1)), // SHORT_BINSTRING
    88: (m) => m.push(m.text(m.unsigned(4))), // BINUNICODE
    140: (m) => m.push(m.text(m.unsigned(1))), // SHORT_BINUNICODE
    141: (m) => m.push(m.text(m.length8())), // BINUNICODE8
    66: (m) => m.push(m.take(m.unsigned(4))), // BINBYTES
    67: (m) => m.push(m.take(m.unsigned(1))), // SHORT_BINBYTES
    142: (m) => m.push(m.take(m.length8())), // BINBYTES8
    150: (m) => m.push(m.take(m.length8())), // BYTEARRAY8
    93: (m) => m.push(new PickleList()), // EMPTY_LIST
    97: append,
    101: appends,
    41: (m) => m.push(new PickleTuple([])), // EMPTY_TUPLE
    116: (m) => m.push(new PickleTuple(m.popToMark())), // TUPLE
    133: (m) => tupleOf(m, 1),
    134: (m) => tupleOf(m, 2),
    135: (m) => tupleOf(m, 3),
    125: (m) => m.push(new PickleDict()), // EMPTY_DICT
    115: setItem,
    117: setItems,
    104: (m) => m.recall(m.unsigned(1)), // BINGET
    106: (m) => m.recall(m.unsigned(4)), // LONG_BINGET
    113: (m) => m.remember(m.unsigned(1)), // BINPUT
    114: (m) => m.remember(m.unsigned(4)), // LONG_BINPUT
    148: (m) => m.remember(m.memo.size), // MEMOIZE
    99: (m) => m.pushGlobal(m.line(), m.line()), // GLOBAL
    147: stackGlobal,
    105: instance, // INST
    82: (m) => m.reduce(), // REDUCE
    98: (m) => m.build(), // BUILD
    81: (m) => m.push(m.host.persistent(m.pop())), // BINPERSID
  };
}

/**
 * Runs one pickle at the start of `bytes` and gives its value and its length in bytes.
 *
 * It knows plain containers, numbers, text and what `host` lends; every other global is refused with a UserError that
 * names it, before anything is called. Nothing recurses, and stack, memo and memory are bounded, whatever the bytes
 * say. Throws {@link PickleTooShort} where the bytes end inside the pickle.
 * Opcodes: https://github.com/python/cpython/blob/3.12/Lib/pickletools.py.
 */
export function unpickle(bytes: Uint8Array, host: PickleHost): { value: PickleValue; length: number } {
  const machine = new Machine(bytes, host);
  const value = machine.run();
  return { value, length: machine.at };
}
