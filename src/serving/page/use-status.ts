import { useEffect, useState } from "preact/hooks";
import { type ServerStatus, send } from "./api.js";

/** A look at the server, and what happened since the one before. */
export interface Sample {
  readonly status: ServerStatus;
  /** Batches a second, and texts of one; 0 where there were none. */
  readonly batches: number;
  readonly texts: number;
}

/** What is known of the server: the newest look is the last. */
export interface Watched {
  readonly samples: readonly Sample[];
  /** Whether the last look was answered; null before the first. */
  readonly reached: boolean | null;
  /** Looks at once, after something was changed. */
  readonly refresh: () => Promise<void>;
}

/** Milliseconds between two looks, and how many are kept. */
const [interval, most] = [1000, 60];

function sampled(before: Sample | undefined, status: ServerStatus): Sample {
  const fresh = before ? status.batches.count - before.status.batches.count : 0;
  const texts = before ? status.batches.texts - before.status.batches.texts : 0;
  return { status, batches: fresh / (interval / 1000), texts: fresh > 0 ? texts / fresh : 0 };
}

/** Looks at the server once a second, as long as the page is seen. */
export function useStatus(): Watched {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const [reached, setReached] = useState<boolean | null>(null);
  const [{ look }] = useState(() => ({
    look: async () => {
      try {
        const status = await send<ServerStatus>({ method: "GET", path: "/v1/status" });
        setSamples((all) => [...all, sampled(all.at(-1), status)].slice(-most));
        setReached(true);
      } catch {
        setReached(false);
      }
    },
  }));
  useEffect(() => {
    let timer = 0;
    let ended = false;
    const again = async () => {
      if (!document.hidden) await look();
      if (!ended) timer = window.setTimeout(again, interval);
    };
    void again();
    return () => {
      ended = true;
      window.clearTimeout(timer);
    };
  }, [look]);
  return { samples, reached, refresh: look };
}
