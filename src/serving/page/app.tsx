import type { ComponentType } from "preact";
import { useRef, useState } from "preact/hooks";
import type { AboutModel } from "./api.js";
import { FillPanel } from "./fill-panel.js";
import { Live } from "./live.js";
import { ModelsCard } from "./models-card.js";
import { NamesPanel } from "./names-panel.js";
import { TreesPanel } from "./trees-panel.js";
import { useStatus, type Watched } from "./use-status.js";

interface Tab {
  readonly id: string;
  readonly title: string;
  readonly Panel: ComponentType<{ readonly models: readonly AboutModel[]; readonly names: readonly string[] }>;
}

const tabs: readonly Tab[] = [
  { id: "fill", title: "Blanks", Panel: FillPanel },
  { id: "names", title: "Names", Panel: NamesPanel },
  { id: "trees", title: "Trees", Panel: TreesPanel },
];

function Tabs({ chosen, onChoose }: { readonly chosen: string; readonly onChoose: (id: string) => void }) {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    const at = tabs.findIndex(({ id }) => id === chosen);
    const next = tabs[(at + by + tabs.length) % tabs.length];
    if (!next) return;
    onChoose(next.id);
    list.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };
  return (
    <div role="tablist" aria-label="What to ask" class="tabs" ref={list} onKeyDown={move}>
      {tabs.map(({ id, title }) => (
        <button
          type="button"
          role="tab"
          key={id}
          id={`tab-${id}`}
          aria-selected={id === chosen}
          aria-controls={`panel-${id}`}
          tabIndex={id === chosen ? 0 : -1}
          onClick={() => onChoose(id)}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

/** Whether the server takes questions, in a word. */
function Pill({ reached, samples }: Watched) {
  const ready = samples.at(-1)?.status.ready === true;
  if (reached === null) return <span class="pill">looking</span>;
  if (!reached) return <span class="pill bad">not reached</span>;
  return ready ? <span class="pill good">ready</span> : <span class="pill bad">stopping</span>;
}

/** A model, and three adapters beside it. */
function Sign() {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <rect class="tone-0" x="1" y="1" width="9" height="22" rx="2.5" />
      {[1, 2, 3].map((tone, i) => (
        <g key={tone} class={`tone-${tone}`}>
          <path d={`M10 ${3.5 + 8.5 * i}h5`} />
          <rect x="15" y={1 + 8.5 * i} width="8" height="5" rx="1.75" />
        </g>
      ))}
    </svg>
  );
}

export function App() {
  const watched = useStatus();
  const [chosen, setChosen] = useState("fill");
  const status = watched.samples.at(-1)?.status;
  const models = status?.models ?? [];
  // Those that are gone keep their place, so that the others keep their colours.
  const known = useRef<string[]>([]);
  for (const { name } of models) if (!known.current.includes(name)) known.current.push(name);
  const names = known.current;
  return (
    <>
      <header>
        <h1>
          <Sign />
          kadapter
        </h1>
        <p>One language model, and adapters beside it.</p>
        <Pill {...watched} />
      </header>
      <div class="layout">
        <main>
          <Tabs chosen={chosen} onChoose={setChosen} />
          {tabs.map(({ id, Panel }) => (
            <div
              role="tabpanel"
              key={id}
              id={`panel-${id}`}
              class="card panel"
              aria-labelledby={`tab-${id}`}
              hidden={id !== chosen}
            >
              {status ? <Panel models={models} names={names} /> : <p class="nothing">Asking the server…</p>}
            </div>
          ))}
        </main>
        <aside>
          <Live {...watched} />
          <ModelsCard
            {...{ models, names, backbone: status?.backbone ?? null, loading: status?.loading ?? false }}
            refresh={watched.refresh}
          />
        </aside>
      </div>
    </>
  );
}
