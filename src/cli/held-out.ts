import type { ExampleSet } from "../tasks/task-data.js";
import type { Output } from "./output.js";

type DevSet = Pick<ExampleSet<unknown>, "heldOut">;

/** What a manifest or a report holds of examples that were held out. */
export const heldOutOf = ({ heldOut }: DevSet) => (heldOut ? { heldOut: { ...heldOut } } : {});

/** Says that there were no data for evaluation, and what is taken instead. */
export function noteHeldOut({ heldOut }: DevSet, output: Output): void {
  if (!heldOut) return;
  const { examples, of, together } = heldOut;
  output.note(
    `--dev is not given: ${examples} of ${of} training examples are held out for evaluation${together ? ", whole subjects or texts" : ""}`,
  );
}
