import { useRef, useState } from "preact/hooks";
import {
  type AboutModel,
  type Filled,
  type Filling,
  fillRequest,
  type Predicted,
  predictRequest,
  type RelationAnswer,
  send,
  type TypingAnswer,
} from "./api.js";
import { CurlBox } from "./curl-box.js";
import { MarkedText } from "./marked-text.js";
import { Column, Examples, Nothing, Outcome, Ranking, toneOf } from "./parts.js";
import { moved, type Span, trimmed } from "./spans.js";
import { useAsking } from "./use-asking.js";

const roles = ["subject", "object"] as const;
type Role = (typeof roles)[number];
type Marks = Readonly<Record<Role, Span | null>>;

interface Asked {
  readonly text: string;
  readonly marks: Marks;
}

const top = 5;
const examples: Readonly<Record<string, Marks>> = {
  "Ravel Yarn was founded by a young engineer, Edith Reyes.": {
    subject: { start: 0, end: 10 },
    object: { start: 44, end: 55 },
  },
  "Winter is the capital of Ormelle.": { subject: { start: 0, end: 6 }, object: { start: 25, end: 32 } },
};

const wordsOf = ({ text, marks }: Asked, role: Role): string => {
  const span = marks[role];
  return span ? text.slice(span.start, span.end) : "";
};

/** The requests that a marked text makes, each for the models of one kind. */
function requestsOf({ text, marks }: Asked, models: readonly AboutModel[]) {
  const named = (kind: string) => models.filter(({ task }) => task === kind).map(({ name }) => name);
  const { subject, object } = marks;
  const [relations, types] = [named("relations"), named("typing")];
  const spans = [subject, object].filter((one) => one !== null);
  return {
    relations:
      relations.length > 0 && subject && object ? predictRequest(relations, [{ text, subject, object }], top) : null,
    types:
      types.length > 0 && spans.length > 0
        ? predictRequest(
            types,
            spans.map((mention) => ({ text, mention })),
          )
        : null,
    // The model alone knows no relations; but it can be asked for the second name.
    without: object ? fillRequest(`${text.slice(0, object.start)}[MASK]${text.slice(object.end)}`, [], top) : null,
  };
}

interface Answers {
  readonly asked: Asked;
  readonly relations: Predicted<RelationAnswer> | null;
  readonly types: Predicted<TypingAnswer> | null;
  readonly without: readonly Filling[];
}

async function answersTo(asked: Asked, models: readonly AboutModel[]): Promise<Answers> {
  const requests = requestsOf(asked, models);
  if (!requests.relations && !requests.types) throw new Error("Mark a subject and an object in the text first.");
  const [relations, types, without] = await Promise.all([
    requests.relations && send<Predicted<RelationAnswer>>(requests.relations),
    requests.types && send<Predicted<TypingAnswer>>(requests.types),
    requests.without && send<Filled>(requests.without).catch(() => null),
  ]);
  return { asked, relations, types, without: without?.sets["none"] ?? [] };
}

/** The types of the marked names, as one model tells them. */
function Types({ asked, answers }: { readonly asked: Asked; readonly answers: readonly TypingAnswer[] }) {
  const marked = roles.filter((role) => asked.marks[role]);
  return (
    <dl class="types">
      {marked.map((role, i) => (
        <div key={role}>
          <dt>
            <span class={`mark ${role}`}>{wordsOf(asked, role)}</span>
          </dt>
          <dd>{answers[i]?.types.join(", ") || "none is likely"}</dd>
        </div>
      ))}
    </dl>
  );
}

function Columns({ answer, names }: { readonly answer: Answers; readonly names: readonly string[] }) {
  const { asked, relations, types, without } = answer;
  const object = wordsOf(asked, "object");
  return (
    <div class="columns">
      {without.length === 0 ? null : (
        <Column
          tone="tone-none"
          title="without"
          note={`The model alone knows no list of relations. In place of “${object}” it would write:`}
        >
          <Ranking all={without.map(({ word, probability }) => ({ name: word, share: probability }))} />
        </Column>
      )}
      {Object.entries(relations?.answers ?? {}).map(([name, [found]]) => (
        <Column key={name} tone={toneOf(name, names)} title={name} note={`${wordsOf(asked, "subject")} → ${object}`}>
          <p class="completed">
            <strong>{found?.relation}</strong>
          </p>
          <Ranking
            all={found?.relations.map(({ relation, probability: share }) => ({ name: relation, share })) ?? []}
          />
        </Column>
      ))}
      {Object.entries(types?.answers ?? {}).map(([name, found]) => (
        <Column key={name} tone={toneOf(name, names)} title={name} note="types of the marked names">
          <Types asked={asked} answers={found} />
        </Column>
      ))}
    </div>
  );
}

/** Two names of a sentence: the relation between them, and their types. */
export function NamesPanel({
  models,
  names,
}: {
  readonly models: readonly AboutModel[];
  readonly names: readonly string[];
}) {
  const [first = ["", { subject: null, object: null }]] = Object.entries(examples);
  const [asked, setAsked] = useState<Asked>({ text: first[0], marks: first[1] as Marks });
  const area = useRef<HTMLTextAreaElement>(null);
  const { answer, problem, busy, ask } = useAsking<Answers>();
  const fitting = models.filter(({ task }) => task === "relations" || task === "typing");
  const run = (what = asked) => ask(() => answersTo(what, models));
  const write = (text: string) => {
    const follow = (role: Role) => {
      const span = asked.marks[role];
      return span && moved(span, asked.text, text);
    };
    setAsked({ text, marks: { subject: follow("subject"), object: follow("object") } });
  };
  const mark = (role: Role) => {
    const { selectionStart: start = 0, selectionEnd: end = 0 } = area.current ?? {};
    setAsked({ ...asked, marks: { ...asked.marks, [role]: trimmed(asked.text, { start, end }) } });
    area.current?.focus();
  };
  if (fitting.length === 0) return <Nothing kind="relations or types" />;
  return (
    <>
      <p class="lead">Select a name in the text and mark it as subject, then another one as object.</p>
      <MarkedText
        {...{ id: "names-text", label: "Sentence", text: asked.text, marks: asked.marks, area }}
        onText={write}
        onAsk={() => run()}
      />
      <div class="actions">
        <button type="button" class="primary" aria-busy={busy} onClick={() => run()}>
          Ask the adapters
        </button>
        {roles.map((role) => (
          <button type="button" key={role} onClick={() => mark(role)}>
            Mark as <span class={`mark ${role}`}>{role}</span>
          </button>
        ))}
        <output class="marks">
          {roles.map((role) => `${role}: ${wordsOf(asked, role) || "nothing marked"}`).join(" · ")}
        </output>
      </div>
      <Examples
        texts={Object.keys(examples)}
        onPick={(text) => {
          const picked = { text, marks: examples[text] as Marks };
          setAsked(picked);
          void run(picked);
        }}
      />
      <Outcome problem={problem} busy={busy}>
        {answer ? <Columns answer={answer} names={names} /> : null}
      </Outcome>
      <CurlBox requests={Object.values(requestsOf(asked, models)).filter((one) => one !== null)} />
    </>
  );
}
