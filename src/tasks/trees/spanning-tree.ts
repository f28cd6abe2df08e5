/**
 * Which tree of heads has the highest score.
 * @module
 */

/** Scores of heads: `score(dependent, head)`, words counted from 1, 0 being the root. */
export interface ArcScores {
  readonly words: number;
  score(dependent: number, head: number): number;
}

/** Each word's best head, the earlier one at a tie; nothing makes it a tree. `heads[i]` is that of word i + 1. */
export function greedyHeads({ words, score }: ArcScores): number[] {
  return Array.from({ length: words }, (_, i) => {
    let best = -1;
    for (let head = 0; head <= words; head++) {
      if (head === i + 1) continue;
      if (best < 0 || score(i + 1, head) > score(i + 1, best)) best = head;
    }
    return best;
  });
}

/**
 * The tree with one root whose scores have the largest sum (Chu-Liu/Edmonds; McDonald et al. 2005). Arcs from the root
 * are made so costly that a second one never pays (Zmigrod et al. 2020, §3).
 */
export function maximumSpanningTree({ words, score }: ArcScores): number[] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const matrix = Array.from({ length: words + 1 }, (_, dependent) =>
    Float64Array.from({ length: words + 1 }, (_, head) => {
      if (dependent === 0 || dependent === head) return Number.NEGATIVE_INFINITY;
      const value = score(dependent, head);
      low = Math.min(low, value);
      high = Math.max(high, value);
      return value;
    }),
  );
  const cost = words * (high - low) + 1;
  for (const row of matrix.slice(1)) row[0] = (row[0] as number) - cost;
  return arborescence(matrix).slice(1);
}

/** `matrix[dependent][head]`, node 0 the root. Each node's head; that of the root is −1. */
function arborescence(matrix: readonly Float64Array[]): number[] {
  const heads = matrix.map((row, dependent) => (dependent === 0 ? -1 : argmaxOf(row)));
  const cycle = findCycle(heads);
  if (!cycle) return heads;
  return expand(matrix, heads, cycle);
}

function argmaxOf(row: Float64Array): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if ((row[i] as number) > (row[best] as number)) best = i;
  return best;
}

/** Nodes of one cycle, or null. */
function findCycle(heads: readonly number[]): ReadonlySet<number> | null {
  const seen = new Int32Array(heads.length).fill(-1);
  for (let start = 1; start < heads.length; start++) {
    let at = start;
    while (at > 0 && seen[at] === -1) {
      seen[at] = start;
      at = heads[at] as number;
    }
    if (at <= 0 || seen[at] !== start) continue;
    const cycle = new Set([at]);
    for (let next = heads[at] as number; next !== at; next = heads[next] as number) cycle.add(next);
    return cycle;
  }
  return null;
}

/** Contracts a cycle to one node, finds the best tree of what is left, and opens the cycle where that tree enters it. */
function expand(matrix: readonly Float64Array[], heads: readonly number[], cycle: ReadonlySet<number>): number[] {
  const at = (dependent: number, head: number) => (matrix[dependent] as Float64Array)[head] as number;
  const outside = matrix.flatMap((_, node) => (cycle.has(node) ? [] : [node]));
  const inside = [...cycle];
  const best = (value: (node: number) => number) =>
    inside.reduce((winner, node) => (value(node) > value(winner) ? node : winner));
  // What an arc into the cycle gains over the arc that it replaces; what an arc out of the cycle scores.
  const entered = outside.map((head) => best((node) => at(node, head) - at(node, heads[node] as number)));
  const left = outside.map((dependent) => best((node) => at(dependent, node)));
  const size = outside.length + 1;
  const contracted = Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: size }, (_, j) => {
      if (i === j) return Number.NEGATIVE_INFINITY;
      const [dependent, head] = [outside[i], outside[j]];
      if (dependent === undefined) {
        const node = entered[j] as number;
        return at(node, head as number) - at(node, heads[node] as number);
      }
      return at(dependent, head ?? (left[i] as number));
    }),
  );
  const found = arborescence(contracted);
  const result = [...heads];
  outside.forEach((dependent, i) => {
    if (dependent !== 0) result[dependent] = outside[found[i] as number] ?? (left[i] as number);
  });
  const entrance = found[size - 1] as number;
  result[entered[entrance] as number] = outside[entrance] as number;
  return result;
}
