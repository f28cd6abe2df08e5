import { useMemo } from "preact/hooks";
import type { TreeWord } from "./api.js";
import { type PlacedArc, type PlacedTree, placeTree } from "./arcs.js";

/** Pixels of a level, of an arc's corner, and of the line of words. */
const [levelHeight, corner, line] = [30, 9, 34];
const fonts = { word: "16px system-ui, sans-serif", label: "12px system-ui, sans-serif" } as const;

/** Pixels of a text in the page's own letters. */
function measure(): (text: string, what: keyof typeof fonts) => number {
  const context = document.createElement("canvas").getContext("2d");
  return (text, what) => {
    if (!context) return 9 * text.length;
    context.font = fonts[what];
    return context.measureText(text).width;
  };
}

const heightOf = ({ levels }: PlacedTree) => levels * levelHeight + line + 12;

/** The line of an arc, from the head up, over, and down to the word. */
function pathOf({ from, to, level, head }: PlacedArc, ground: number): string {
  const y = ground - level * levelHeight + 6;
  if (head === null) return `M${to} ${y}V${ground - 6}`;
  const by = to > from ? corner : -corner;
  return `M${from} ${ground}V${y + corner}Q${from} ${y} ${from + by} ${y}H${to - by}Q${to} ${y} ${to} ${y + corner}V${ground - 6}`;
}

function Arc({ arc, ground }: { readonly arc: PlacedArc; readonly ground: number }) {
  const y = ground - arc.level * levelHeight + 6;
  return (
    <g class={arc.head === null ? "arc root" : "arc"}>
      <path d={pathOf(arc, ground)} />
      <path class="tip" d={`M${arc.to - 4} ${ground - 8}h8l-4 8z`} />
      <text x={(arc.from + arc.to) / 2} y={arc.head === null ? y - 4 : y + 4}>
        {arc.relation}
      </text>
    </g>
  );
}

/** A dependency tree: drawn, and as a table for those who do not see it. */
export function Tree({ words }: { readonly words: readonly TreeWord[] }) {
  const tree = useMemo(() => placeTree(words, measure()), [words]);
  const height = heightOf(tree);
  const ground = height - line;
  return (
    // It can be scrolled, so the keyboard must reach it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: as said above
    <figure class="tree" tabIndex={0} aria-label="Dependency tree">
      <svg width={tree.width} height={height} viewBox={`0 0 ${tree.width} ${height}`} aria-hidden="true">
        {tree.arcs.map((arc) => (
          <Arc key={arc.word} arc={arc} ground={ground} />
        ))}
        {tree.words.map(({ form, x }) => (
          <text class="word" key={x} x={x} y={ground + 22}>
            {form}
          </text>
        ))}
      </svg>
      <table class="unseen">
        <caption>Words and what they depend on</caption>
        <thead>
          <tr>
            <th>Word</th>
            <th>Depends on</th>
            <th>Relation</th>
          </tr>
        </thead>
        <tbody>
          {words.map(({ form, head, relation }, i) => (
            <tr key={i}>
              <th scope="row">{form}</th>
              <td>{head === 0 ? "nothing: the root" : words[head - 1]?.form}</td>
              <td>{relation ?? ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
