/**
 * Pieces that all panels have.
 * @module
 */
import type { ComponentChildren } from "preact";

/** Colours of adapters; each keeps its own wherever it is seen. */
const tones = 6;

/** The class that gives an adapter, or several together, its colour. */
export function toneOf(name: string, all: readonly string[]): string {
  if (name.includes("+")) return "tone-all";
  const at = all.indexOf(name);
  return at < 0 ? "tone-none" : `tone-${at % tones}`;
}

/** A share as people read it. */
export function percent(share: number): string {
  if (share >= 0.9995) return "100 %";
  return share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`;
}

export interface ColumnProps {
  readonly tone: string;
  readonly title: string;
  readonly note?: string | undefined;
  readonly children: ComponentChildren;
}

/** What one adapter says, or the model without any. */
export function Column({ tone, title, note, children }: ColumnProps) {
  return (
    <section class={`column ${tone}`} aria-label={title}>
      <h2>
        <span class="dot" aria-hidden="true" />
        {title}
      </h2>
      {note === undefined ? null : <p class="note">{note}</p>}
      {children}
    </section>
  );
}

export interface Ranked {
  readonly name: string;
  readonly share: number;
}

/** Answers with their shares, the likeliest first. */
export function Ranking({ all }: { readonly all: readonly Ranked[] }) {
  return (
    <ol class="ranking">
      {all.map(({ name, share }) => (
        <li key={name}>
          <span class="bar" aria-hidden="true" style={{ inlineSize: `${100 * share}%` }} />
          <span class="name">{name}</span>
          <span class="share">{percent(share)}</span>
        </li>
      ))}
    </ol>
  );
}

/** What went wrong, told aloud, too. */
export function Problem({ text }: { readonly text: string | null }) {
  return (
    <div role="alert" class="alert">
      {text === null ? null : <p class="problem">{text}</p>}
    </div>
  );
}

/** What came of a question: told aloud, and what went wrong in place of it. */
export function Outcome({
  problem,
  busy,
  children,
}: {
  readonly problem: string | null;
  readonly busy: boolean;
  readonly children: ComponentChildren;
}) {
  return (
    <>
      <Problem text={problem} />
      <div aria-live="polite" aria-busy={busy}>
        {problem ? null : children}
      </div>
    </>
  );
}

/** Texts to begin with. */
export function Examples({
  texts,
  onPick,
}: {
  readonly texts: readonly string[];
  readonly onPick: (text: string) => void;
}) {
  return (
    <div class="examples">
      <span>Try</span>
      {texts.map((text) => (
        <button type="button" class="chip" key={text} onClick={() => onPick(text)}>
          {text}
        </button>
      ))}
    </div>
  );
}

/** Said where no adapter of a kind is there. */
export function Nothing({ kind }: { readonly kind: string }) {
  return <p class="nothing">No adapter for {kind} is loaded. Those that are stand under “Models”.</p>;
}
