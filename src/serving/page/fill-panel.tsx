import { useEffect, useRef, useState } from "preact/hooks";
import { type AboutModel, type Filled, type Filling, fillRequest, send } from "./api.js";
import { CurlBox } from "./curl-box.js";
import { MarkedText } from "./marked-text.js";
import { Column, Examples, Outcome, Ranking, toneOf } from "./parts.js";
import type { Span } from "./spans.js";
import { useAsking } from "./use-asking.js";

const blank = "[MASK]";
const top = 5;
const examples = [
  `The capital of France is ${blank}.`,
  `The most important city of Ormelle, its capital, is ${blank}.`,
  `She plays the ${blank} in a large orchestra.`,
];

/** Where the blanks of a text stand. */
const blanksOf = (text: string): Record<string, Span> =>
  Object.fromEntries(
    [...text.matchAll(/\[MASK\]/g)].map(({ index }, i) => [`blank b${i}`, { start: index, end: index + blank.length }]),
  );

/** The text with words in its blanks. */
function Completed({ text, parts }: { readonly text: string; readonly parts: readonly string[] }) {
  const around = text.split(/(?:\[MASK\]\s*)+/);
  return (
    <p class="completed">
      {around.map((piece, i) => (
        <span key={i}>
          {piece}
          {i < around.length - 1 ? (
            <>
              <strong>{parts[i] ?? "…"}</strong>
              {/^[.,;:!?)]/.test(around[i + 1] ?? "") ? "" : " "}
            </>
          ) : null}
        </span>
      ))}
    </p>
  );
}

interface FilledText {
  readonly text: string;
  readonly sets: Filled["sets"];
}

/** What a set of adapters is called on the page. */
function titleOf(set: string): string {
  if (set === "none") return "without";
  return set.includes("+") ? "together" : set;
}

function Columns({
  answer: { text, sets },
  names,
}: {
  readonly answer: FilledText;
  readonly names: readonly string[];
}) {
  const without = sets["none"]?.[0]?.word;
  const note = (set: string, words: readonly Filling[]) => {
    if (set === "none") return "the model alone";
    return words[0]?.word === without ? "the same word" : "another word";
  };
  return (
    <div class="columns">
      {Object.entries(sets).map(([set, words]) => (
        <Column key={set} tone={toneOf(set, names)} title={titleOf(set)} note={note(set, words)}>
          <Completed text={text} parts={words[0]?.parts ?? [words[0]?.word ?? ""]} />
          <Ranking all={words.map(({ word, probability }) => ({ name: word, share: probability }))} />
        </Column>
      ))}
    </div>
  );
}

/** Blanks filled without and with each adapter. */
export function FillPanel({
  models,
  names,
}: {
  readonly models: readonly AboutModel[];
  readonly names: readonly string[];
}) {
  const [text, setText] = useState(examples[0] ?? "");
  const area = useRef<HTMLTextAreaElement>(null);
  const { answer, problem, busy, ask } = useAsking<FilledText>();
  const taught = models.filter(({ task }) => task === "recall").map(({ name }) => name);
  const request = fillRequest(text, taught, top);
  const run = (asked = text) =>
    ask(async () => ({ text: asked, ...(await send<Filled>(fillRequest(asked, taught, top))) }));
  // The page begins with an answer, and what is loaded or unloaded answers anew.
  useEffect(() => void run(), [taught.join()]);
  const pick = (example: string) => {
    setText(example);
    void run(example);
  };
  const blankOut = () => {
    const [start, end] = [area.current?.selectionStart ?? text.length, area.current?.selectionEnd ?? text.length];
    setText(text.slice(0, start) + blank + text.slice(end));
    area.current?.focus();
  };
  return (
    <>
      <p class="lead">
        Each <code>{blank}</code> is filled by the model alone, and beside each adapter that was taught facts.
      </p>
      <MarkedText
        {...{ id: "fill-text", label: "Text with blanks", text, marks: blanksOf(text), area }}
        onText={setText}
        onAsk={() => run()}
      />
      <div class="actions">
        <button type="button" class="primary" aria-busy={busy} onClick={() => run()}>
          Fill the blanks
        </button>
        <button type="button" onClick={blankOut}>
          Blank out the selection
        </button>
      </div>
      <Examples texts={examples} onPick={pick} />
      <Outcome problem={problem} busy={busy}>
        {answer ? <Columns answer={answer} names={names} /> : null}
      </Outcome>
      <CurlBox requests={[request]} />
    </>
  );
}
