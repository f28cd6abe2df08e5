import { push } from "../../library/hub.js";
import { counted } from "../../phrases.js";
import type { PushSettings } from "../../settings/hub.js";
import type { CommandContext } from "../run.js";

/** `push`: a finished model to the hub. */
export async function run({ dir, repository, ...options }: PushSettings, { output }: CommandContext): Promise<void> {
  const { notes, ...pushed } = await push(dir, repository, options);
  for (const note of notes) output.note(note);
  const { name, changed, created } = pushed;
  if (created) output.say("the repository was made");
  output.say(
    changed.length === 0 ? `all of it is there: ${name}` : `${counted(changed.length, "file")} changed: ${name}`,
  );
  output.result({ ...pushed });
}
