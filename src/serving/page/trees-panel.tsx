import { useRef, useState } from "preact/hooks";
import { type AboutModel, type Predicted, predictRequest, send, type TreeAnswer } from "./api.js";
import { CurlBox } from "./curl-box.js";
import { MarkedText } from "./marked-text.js";
import { Column, Examples, Nothing, Outcome, toneOf } from "./parts.js";
import { Tree } from "./tree.js";
import { useAsking } from "./use-asking.js";

const examples = [
  "The old engineer builds a boat.",
  "She gave the children of the town a book about ships.",
  "What did you see when the rain had stopped?",
];

/** Which word of a sentence depends on which. */
export function TreesPanel({
  models,
  names,
}: {
  readonly models: readonly AboutModel[];
  readonly names: readonly string[];
}) {
  const [text, setText] = useState(examples[0] ?? "");
  const area = useRef<HTMLTextAreaElement>(null);
  const { answer, problem, busy, ask } = useAsking<Predicted<TreeAnswer>>();
  const trees = models.filter(({ task }) => task === "trees").map(({ name }) => name);
  const run = (asked = text) => ask(() => send(predictRequest(trees, [{ text: asked }])));
  if (trees.length === 0) return <Nothing kind="trees" />;
  return (
    <>
      <p class="lead">Which word depends on which: an arrow goes from each word to those that depend on it.</p>
      <MarkedText
        {...{ id: "trees-text", label: "Sentence", text, marks: {}, area }}
        onText={setText}
        onAsk={() => run()}
      />
      <div class="actions">
        <button type="button" class="primary" aria-busy={busy} onClick={() => run()}>
          Draw the tree
        </button>
      </div>
      <Examples
        texts={examples}
        onPick={(example) => {
          setText(example);
          void run(example);
        }}
      />
      <Outcome problem={problem} busy={busy}>
        {answer ? (
          <div class="columns wide">
            {Object.entries(answer.answers).map(([name, [tree]]) => (
              <Column key={name} tone={toneOf(name, names)} title={name}>
                {tree ? <Tree words={tree.words} /> : null}
              </Column>
            ))}
          </div>
        ) : null}
      </Outcome>
      <CurlBox requests={[predictRequest(trees, [{ text }])]} />
    </>
  );
}
