import { useRef, useState } from "preact/hooks";

/** What came of the last question. */
export interface Asking<Answer> {
  readonly answer: Answer | null;
  /** Why there is none. */
  readonly problem: string | null;
  readonly busy: boolean;
  readonly ask: (work: () => Promise<Answer>) => Promise<void>;
}

/** Asks, and shows the answer to what was asked last, whichever comes first. */
export function useAsking<Answer>(): Asking<Answer> {
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const turn = useRef(0);
  const ask = async (work: () => Promise<Answer>) => {
    const mine = ++turn.current;
    setBusy(true);
    try {
      const found = await work();
      if (mine !== turn.current) return;
      setAnswer(found);
      setProblem(null);
    } catch (error) {
      if (mine === turn.current) setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      if (mine === turn.current) setBusy(false);
    }
  };
  return { answer, problem, busy, ask };
}
