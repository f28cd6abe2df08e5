import { useState } from "preact/hooks";
import { type AboutModel, type Request, send } from "./api.js";
import { curlOf } from "./curl.js";
import { Problem, toneOf } from "./parts.js";

/** What a task is, in plain words. */
const kinds: Readonly<Record<string, string>> = {
  recall: "facts, asked with blanks",
  relations: "relation between two names",
  pairs: "pairs of names as vectors",
  trees: "dependency trees",
  typing: "types of names",
  choices: "choice between answers",
  questions: "answers out of paragraphs",
};

export interface ModelsCardProps {
  readonly models: readonly AboutModel[];
  readonly names: readonly string[];
  readonly backbone: string | null;
  /** Whether the server allows loading. */
  readonly loading: boolean;
  readonly refresh: () => Promise<void>;
}

/** The models that are loaded; loads and unloads where the server allows it. */
export function ModelsCard({ models, names, backbone, loading, refresh }: ModelsCardProps) {
  const [token, setToken] = useState("");
  const [name, setName] = useState("");
  const [folder, setFolder] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [said, setSaid] = useState("");
  const change = async (request: Request, done: string) => {
    setSaid("");
    try {
      if (token === "") throw new Error("Enter the token first: the server was started with it.");
      await send(request, token);
      setProblem(null);
      setSaid(done);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
    await refresh();
  };
  const load: Request = { method: "PUT", path: `/v1/models/${encodeURIComponent(name)}`, body: { folder } };
  return (
    <section class="card" aria-labelledby="models-title">
      <h2 id="models-title">Models</h2>
      {backbone === null ? null : (
        <p class="note">
          beside <code>{backbone}</code>
        </p>
      )}
      <ul class="models">
        {models.map((model) => (
          <li key={model.name} class={toneOf(model.name, names)}>
            <span class="dot" aria-hidden="true" />
            <span class="name">
              {model.name} <code>{model.version.slice(0, 7)}</code>
            </span>
            <span class="note">{kinds[model.task] ?? model.task}</span>
            {loading ? (
              <button
                type="button"
                class="quiet"
                aria-label={`Unload ${model.name}`}
                onClick={() =>
                  change({ method: "DELETE", path: `/v1/models/${model.name}` }, `${model.name} is unloaded`)
                }
              >
                Unload
              </button>
            ) : null}
          </li>
        ))}
      </ul>
      {models.length === 0 ? <p class="nothing">No adapter is loaded: the model answers alone.</p> : null}
      {loading ? (
        <form
          class="load"
          onSubmit={(event) => {
            event.preventDefault();
            void change(load, `${name} is loaded`);
          }}
        >
          <h3>Load another one</h3>
          <label>
            Name
            <input required value={name} maxLength={64} onInput={(event) => setName(event.currentTarget.value)} />
          </label>
          <label>
            Folder, below the server's root
            <input required value={folder} onInput={(event) => setFolder(event.currentTarget.value)} />
          </label>
          <label>
            Token
            <input
              type="password"
              autocomplete="off"
              value={token}
              onInput={(event) => setToken(event.currentTarget.value)}
            />
          </label>
          <button type="submit">Load</button>
          <details>
            <summary>The same by curl</summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it can be scrolled, so the keyboard must reach it */}
            <pre tabIndex={0}>{curlOf(load, location.origin, true)}</pre>
          </details>
        </form>
      ) : (
        <p class="note">This server was started without leave to load others.</p>
      )}
      <p role="status" class="said">
        {said}
      </p>
      <Problem text={problem} />
    </section>
  );
}
