import { type Dim, type Shape, showShape } from "./value.js";

/**
 * The common shape of operands that broadcast as in NumPy. A named dimension goes with itself and with 1;
 * "named against another name" and "named against a number above 1" are refused, because only the run could tell.
 */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x === y || y === 1) return x;
    if (x === 1) return y;
    throw new Error(`shapes ${showShape(a)} and ${showShape(b)} do not broadcast`);
  });
}

/** Axes of `from` that must be summed so that a gradient of shape `from` fits an operand of shape `to`. */
export function broadcastAxes(from: Shape, to: Shape): readonly number[] {
  const extra = from.length - to.length;
  const axes = from.flatMap((dim, i) => (i < extra || dim !== to[i - extra] ? [i] : []));
  for (const i of axes) {
    const target = to[i - extra];
    if (i >= extra && target !== 1) {
      throw new Error(`a gradient of shape ${showShape(from)} cannot be reduced to ${showShape(to)}`);
    }
  }
  return axes;
}

/** Product of dimensions: a number when all are known, else the sorted names times the number ("2*batch*sequence"). */
export function multiplyDims(dims: Shape): Dim {
  let known = 1;
  const names: string[] = [];
  for (const dim of dims) {
    if (typeof dim === "number") known *= dim;
    else {
      for (const factor of dim.split("*")) {
        if (/^\d+$/.test(factor)) known *= Number(factor);
        else names.push(factor);
      }
    }
  }
  if (names.length === 0) return known;
  names.sort();
  return known === 1 ? names.join("*") : `${known}*${names.join("*")}`;
}

/** Quotient of two products of dimensions, or null when it is not a whole product. */
export function divideDims(numerator: Shape, denominator: Shape): Dim | null {
  const parse = (shape: Shape) => {
    const whole = String(multiplyDims(shape)).split("*");
    const names = whole.filter((factor) => !/^\d+$/.test(factor));
    const known = whole
      .filter((factor) => /^\d+$/.test(factor))
      .reduce((product, factor) => product * Number(factor), 1);
    return { names, known };
  };
  const top = parse(numerator);
  const bottom = parse(denominator);
  for (const name of bottom.names) {
    const at = top.names.indexOf(name);
    if (at < 0) return null;
    top.names.splice(at, 1);
  }
  if (bottom.known === 0 || top.known % bottom.known !== 0) return null;
  return multiplyDims([top.known / bottom.known, ...top.names]);
}

/** Resolves an axis that may count from the end. */
export function normalizeAxis(axis: number, rank: number): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(resolved) || resolved < 0 || resolved >= Math.max(rank, 1)) {
    throw new Error(`axis ${axis} does not exist in a tensor of rank ${rank}`);
  }
  return resolved;
}
