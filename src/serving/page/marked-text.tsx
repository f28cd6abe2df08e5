import type { RefObject } from "preact";
import { useRef } from "preact/hooks";
import { piecesOf, type Span } from "./spans.js";

export interface MarkedTextProps {
  readonly id: string;
  readonly label: string;
  readonly text: string;
  readonly marks: Readonly<Record<string, Span | null>>;
  readonly area: RefObject<HTMLTextAreaElement | null>;
  readonly onText: (text: string) => void;
  /** Ctrl or Cmd and Enter. */
  readonly onAsk: () => void;
}

/** A text to write in, in which marked parts are coloured: the colours lie on a copy of it behind. */
export function MarkedText({ id, label, text, marks, area, onText, onAsk }: MarkedTextProps) {
  const behind = useRef<HTMLDivElement>(null);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="marked">
        <div class="behind" aria-hidden="true" ref={behind}>
          {piecesOf(text, marks).map(({ text: piece, marks: on }, i) => (
            // A piece has no other name than its place.
            <span key={i} class={on.map((name) => `mark ${name}`).join(" ")}>
              {piece}
            </span>
          ))}
          {/* A last empty line has no height of its own. */}
          {"\u200b"}
        </div>
        <textarea
          {...{ id, ref: area, rows: 2, spellcheck: false, value: text }}
          onInput={({ currentTarget }) => onText(currentTarget.value)}
          onScroll={({ currentTarget }) => {
            if (behind.current) behind.current.scrollTop = currentTarget.scrollTop;
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
            event.preventDefault();
            onAsk();
          }}
        />
      </div>
    </div>
  );
}
