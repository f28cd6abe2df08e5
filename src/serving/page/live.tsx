import type { Sample, Watched } from "./use-status.js";

const [width, height] = [120, 28];

/** The last minute of a number, as a line. */
function Line({ values }: { readonly values: readonly number[] }) {
  const most = Math.max(...values, 1e-9);
  const step = width / 59;
  const start = width - step * (values.length - 1);
  const points = values.map((value, i) => `${start + i * step},${height - 2 - (value / most) * (height - 4)}`);
  return (
    <svg class="line" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <polyline points={points.join(" ")} />
    </svg>
  );
}

const milliseconds = (seconds: number | null): string =>
  seconds === null ? "–" : `${(1000 * seconds).toFixed(seconds < 0.01 ? 1 : 0)} ms`;

interface Measure {
  readonly title: string;
  readonly value: (now: Sample) => string;
  readonly more: (now: Sample) => string;
  readonly line: (one: Sample) => number;
}

const measures: readonly Measure[] = [
  {
    title: "Queue",
    value: ({ status }) => `${status.queue.items} waiting`,
    more: ({ status: { queue } }) => `${queue.tokens} of ${queue.mostTokens.toLocaleString("en")} tokens`,
    line: ({ status }) => status.queue.tokens,
  },
  {
    title: "Batches",
    value: ({ batches }) => `${batches.toFixed(0)} a second`,
    more: ({ texts, status }) =>
      texts > 0 ? `${texts.toFixed(1)} texts in each` : `${status.batches.count.toLocaleString("en")} since the start`,
    line: ({ batches }) => batches,
  },
  {
    title: "Latency",
    value: ({ status }) => milliseconds(status.latency.median),
    more: ({ status: { latency } }) =>
      latency.requests === 0
        ? "none in the last minute"
        : `95 % in ${milliseconds(latency.p95)}; ${latency.requests} a minute`,
    line: ({ status }) => status.latency.median ?? 0,
  },
];

/** What the server is doing now, and did in the last minute. */
export function Live({ samples, reached }: Watched) {
  const now = samples.at(-1);
  return (
    <section class="card" aria-labelledby="live-title">
      <h2 id="live-title">Live</h2>
      {reached === false ? <p class="problem">The server does not answer.</p> : null}
      <dl class="measures">
        {measures.map(({ title, value, more, line }) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>
              <strong>{now ? value(now) : "–"}</strong>
              <span>{now ? more(now) : ""}</span>
            </dd>
            <Line values={samples.map(line)} />
          </div>
        ))}
      </dl>
    </section>
  );
}
