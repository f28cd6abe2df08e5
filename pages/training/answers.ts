import type { Answer } from "./teacher.js";

/** Whether the model alone says the same, to the bit. */
export const sameScores = (one: Answer, other: Answer) =>
  JSON.stringify(one.alone.map(({ score }) => score)) === JSON.stringify(other.alone.map(({ score }) => score));

/** A line of the table. */
export function answerRow(text: string, { alone, adapter }: Answer): HTMLTableRowElement {
  const made = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = text;
  made.append(head, cell("Model alone", alone), cell("With the adapter", adapter ?? []));
  return made;
}

function cell(of: string, words: Answer["alone"]): HTMLTableCellElement {
  const made = document.createElement("td");
  // On narrow screens the table's head is not to be seen.
  made.dataset["of"] = of;
  const [first, ...others] = words.map(({ word, probability }) => `${word} ${(100 * probability).toFixed(0)} %`);
  const strong = document.createElement("strong");
  strong.textContent = first ?? "–";
  const small = document.createElement("small");
  small.textContent = others.length > 0 ? `, ${others.join(", ")}` : "";
  made.append(strong, small);
  return made;
}
